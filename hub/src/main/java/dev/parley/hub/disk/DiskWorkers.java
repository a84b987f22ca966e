package dev.parley.hub.disk;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The adapter between event loops and blocking file calls: a fixed number of threads, and a bound
 * on what waits for them, because the queue of a Vert.x worker pool has none.
 */
public final class DiskWorkers {
  private static final long RETRY_AFTER_MS = 250;

  private final Vertx vertx;
  private final WorkerExecutor executor;
  private final AtomicInteger waiting = new AtomicInteger();
  private final int maxWaiting;

  /**
   * Starts a pool.
   *
   * @param name of the pool; threads carry it
   * @param threads at least 1
   * @param maxWaiting how many pieces of work may run or wait
   */
  public DiskWorkers(Vertx vertx, String name, int threads, int maxWaiting) {
    this.vertx = vertx;
    this.executor = vertx.createSharedWorkerExecutor("parley-" + name, threads);
    this.maxWaiting = maxWaiting;
  }

  /**
   * Runs blocking work on a thread of the pool and answers on the caller's context. Fails with what
   * the work throws, or {@code unavailable} when too much is waiting.
   */
  public <T> Future<T> run(Callable<T> work) {
    if (waiting.incrementAndGet() > maxWaiting) {
      waiting.decrementAndGet();
      return Future.failedFuture(
          new ParleyException(
                  ErrorCode.UNAVAILABLE,
                  "%d file operations are waiting already; try again".formatted(maxWaiting))
              .retryAfter(RETRY_AFTER_MS));
    }
    Context caller = vertx.getOrCreateContext();
    Promise<T> answer = Promise.promise();
    submit(work)
        .onComplete(
            done -> {
              waiting.decrementAndGet();
              caller.runOnContext(now -> answer.handle(done));
            });
    return answer.future();
  }

  private <T> Future<T> submit(Callable<T> work) {
    try {
      return executor.executeBlocking(work, false);
    } catch (IllegalStateException | RejectedExecutionException e) {
      return Future.failedFuture(
          new ParleyException(ErrorCode.UNAVAILABLE, "the hub is stopping", e));
    }
  }

  /** Lets running work end and stops the pool. */
  public Future<Void> close() {
    return executor.close();
  }
}
