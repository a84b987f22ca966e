package dev.parley.hub.quota;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The real store as a node sees it that loses its connection, or its life, between two commands.
 */
final class BreakingStore extends ForwardingStore {
  /** What becomes of a command. */
  enum Fate {
    DONE,
    NOT_SENT,
    ANSWER_LOST
  }

  private final Function<String, Fate> fates;

  /**
   * Decides about each command.
   *
   * @param fates asked with the name of the script, or {@code hashDelete} and so on
   */
  BreakingStore(Store store, Function<String, Fate> fates) {
    super(store);
    this.fates = fates;
  }

  @Override
  public Future<ScriptResult> run(Script script, List<Key> keys, List<String> arguments) {
    return meet(script.name(), () -> super.run(script, keys, arguments));
  }

  @Override
  public Future<Boolean> hashDelete(Key key, String field) {
    return meet("hashDelete", () -> super.hashDelete(key, field));
  }

  @Override
  public Future<Map<String, String>> hashGetAll(Key key) {
    return meet("hashGetAll", () -> super.hashGetAll(key));
  }

  @Override
  public Future<Long> hashSize(Key key) {
    return meet("hashSize", () -> super.hashSize(key));
  }

  private <T> Future<T> meet(String command, Supplier<Future<T>> execution) {
    return switch (fates.apply(command)) {
      case DONE -> execution.get();
      case NOT_SENT -> Future.failedFuture(away());
      case ANSWER_LOST -> execution.get().transform(done -> Future.failedFuture(away()));
    };
  }

  private static ParleyException away() {
    return new ParleyException(ErrorCode.UNAVAILABLE, "broken by the test").retryAfter(1);
  }
}
