package dev.parley.hub.channel;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A real store that dies after some writes by script and publications: what a crash of the node
 * looks like.
 */
public final class DyingStore implements Store {
  private final Store store;
  private final AtomicInteger left;
  private final AtomicInteger fatalLeft = new AtomicInteger();
  private volatile String fatal = "";
  private final List<Runnable> gaps = new CopyOnWriteArrayList<>();

  public DyingStore(Store store, int writes) {
    this.store = store;
    this.left = new AtomicInteger(writes);
  }

  private <T> Future<T> alive(Supplier<Future<T>> command) {
    return left.get() < 0
        ? Future.failedFuture(new ParleyException(ErrorCode.UNAVAILABLE, "this node is dead"))
        : command.get();
  }

  /** What happens when the subscription was broken for a while. */
  public void gap() {
    gaps.forEach(Runnable::run);
  }

  /** Dies at the n-th run of a script, before it. */
  public void dieAtNext(String script, int n) {
    fatalLeft.set(n);
    fatal = script;
  }

  @Override
  public Future<ScriptResult> run(Script script, List<Key> keys, List<String> arguments) {
    if (script.name().endsWith("-write")) {
      left.decrementAndGet();
    }
    if (script.name().equals(fatal) && fatalLeft.decrementAndGet() == 0) {
      left.set(-1);
    }
    return alive(() -> store.run(script, keys, arguments));
  }

  @Override
  public Future<String> get(Key key) {
    return alive(() -> store.get(key));
  }

  @Override
  public Future<Void> set(Key key, String value, long ttlMs) {
    return alive(() -> store.set(key, value, ttlMs));
  }

  @Override
  public Future<Long> delete(Key... keys) {
    return alive(() -> store.delete(keys));
  }

  @Override
  public Future<Map<String, Long>> deleteAll(Keyspace space) {
    return alive(() -> store.deleteAll(space));
  }

  @Override
  public Future<String> hashGet(Key key, String field) {
    return alive(() -> store.hashGet(key, field));
  }

  @Override
  public Future<Map<String, String>> hashGetAll(Key key) {
    return alive(() -> store.hashGetAll(key));
  }

  @Override
  public Future<Void> hashSet(Key key, String field, String value) {
    return alive(() -> store.hashSet(key, field, value));
  }

  @Override
  public Future<Boolean> hashSetIfAbsent(Key key, String field, String value) {
    return alive(() -> store.hashSetIfAbsent(key, field, value));
  }

  @Override
  public Future<Boolean> hashDelete(Key key, String field) {
    return alive(() -> store.hashDelete(key, field));
  }

  @Override
  public Future<Long> hashSize(Key key) {
    return alive(() -> store.hashSize(key));
  }

  @Override
  public Future<Boolean> sortedAdd(Key key, String member) {
    return alive(() -> store.sortedAdd(key, member));
  }

  @Override
  public Future<List<String>> sortedAfter(Key key, String after, int limit) {
    return alive(() -> store.sortedAfter(key, after, limit));
  }

  @Override
  public Future<Map<String, String>> streamEntry(Key key, String id) {
    return alive(() -> store.streamEntry(key, id));
  }

  @Override
  public Future<Boolean> sortedRemove(Key key, String member) {
    return alive(() -> store.sortedRemove(key, member));
  }

  @Override
  public Future<Void> publish(String topic, String message) {
    left.decrementAndGet();
    return alive(() -> store.publish(topic, message));
  }

  @Override
  public Future<Void> subscribe(String topic, Consumer<String> onMessage, Runnable onGap) {
    gaps.add(onGap);
    return store.subscribe(topic, onMessage, onGap);
  }

  @Override
  public Future<Void> ping() {
    return alive(store::ping);
  }
}
