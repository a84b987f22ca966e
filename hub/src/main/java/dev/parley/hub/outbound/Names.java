package dev.parley.hub.outbound;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Resolves names on threads of its own, as the system's resolver blocks. A resolver that hangs
 * holds up those threads and nothing else: at most {@value #MOST_WAITING} look-ups wait, each for
 * at most {@link #DEADLINE}.
 */
final class Names {
  static final Duration DEADLINE = Duration.ofSeconds(5);
  static final int MOST_WAITING = 1_000;
  private static final int THREADS = 4;

  private final WorkerExecutor workers;
  private final NameResolver resolver;
  private final AtomicInteger waiting = new AtomicInteger();

  Names(Vertx vertx, NameResolver resolver) {
    this.workers = vertx.createSharedWorkerExecutor("parley-names", THREADS);
    this.resolver = resolver;
  }

  /**
   * All addresses of a name, at least one.
   *
   * @return fails with {@link NetworkFailure}, or {@code unavailable} when too many look-ups wait
   */
  Future<List<InetAddress>> resolve(@Nullable String host) {
    if (host == null || host.isEmpty()) {
      return Future.failedFuture(new NetworkFailure(new UnknownHostException()));
    }
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return Future.failedFuture(
          new ParleyException(ErrorCode.UNAVAILABLE, "too many names wait to be resolved")
              .retryAfter(DEADLINE.toMillis()));
    }
    return workers
        .executeBlocking(
            () -> {
              try {
                return List.of(resolver.resolve(host));
              } finally {
                waiting.decrementAndGet();
              }
            },
            false)
        .timeout(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
        .recover(failure -> Future.failedFuture(new NetworkFailure(cause(failure))));
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof TimeoutException ? new UnknownHostException() : failure;
  }
}
