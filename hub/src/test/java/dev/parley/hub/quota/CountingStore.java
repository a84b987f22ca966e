package dev.parley.hub.quota;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The real store, counting the scripts it runs. */
final class CountingStore extends ForwardingStore {
  private final AtomicInteger runs = new AtomicInteger();

  CountingStore(Store store) {
    super(store);
  }

  int runs() {
    return runs.get();
  }

  @Override
  public Future<ScriptResult> run(Script script, List<Key> keys, List<String> arguments) {
    runs.incrementAndGet();
    return super.run(script, keys, arguments);
  }
}
