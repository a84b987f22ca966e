package dev.parley.hub.disk;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Puts asynchronous operations on the same thing one after the other, in the order they came, while
 * different things proceed in parallel. A lane exists only while something is in it.
 *
 * @param <K> names the thing
 */
public final class Lanes<K> {
  private static final long RETRY_AFTER_MS = 250;

  private final Vertx vertx;
  private final int maxWaiting;
  private final Map<K, ArrayDeque<Runnable>> lanes = new HashMap<>();

  /**
   * Makes no lane yet.
   *
   * @param maxWaiting how many operations may wait in one lane
   */
  public Lanes(Vertx vertx, int maxWaiting) {
    this.vertx = vertx;
    this.maxWaiting = maxWaiting;
  }

  /**
   * Runs an operation on the caller's context when those before it in its lane have ended, well or
   * not. Fails with {@code unavailable} when too many are waiting.
   */
  public <T> Future<T> run(K key, Supplier<Future<T>> operation) {
    Promise<T> answer = Promise.promise();
    Context caller = vertx.getOrCreateContext();
    synchronized (lanes) {
      ArrayDeque<Runnable> waiting = lanes.get(key);
      if (waiting != null) {
        if (waiting.size() >= maxWaiting) {
          return Future.failedFuture(full(key));
        }
        waiting.add(() -> caller.runOnContext(now -> take(key, operation, answer)));
        return answer.future();
      }
      lanes.put(key, new ArrayDeque<>(1));
    }
    take(key, operation, answer);
    return answer.future();
  }

  private <T> void take(K key, Supplier<Future<T>> operation, Promise<T> answer) {
    Future<T> running;
    try {
      running = operation.get();
    } catch (RuntimeException e) {
      running = Future.failedFuture(e);
    }
    running.onComplete(
        done -> {
          Runnable next = next(key);
          answer.handle(done);
          if (next != null) {
            next.run();
          }
        });
  }

  private @Nullable Runnable next(K key) {
    synchronized (lanes) {
      ArrayDeque<Runnable> waiting = lanes.get(key);
      Runnable next = waiting == null ? null : waiting.poll();
      if (next == null) {
        lanes.remove(key);
      }
      return next;
    }
  }

  private ParleyException full(K key) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "%d operations on %s are waiting already; try again".formatted(maxWaiting, key))
        .retryAfter(RETRY_AFTER_MS);
  }
}
