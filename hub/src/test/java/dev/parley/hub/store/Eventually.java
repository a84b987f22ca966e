package dev.parley.hub.store;

import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Waiting for something that becomes true by itself. */
final class Eventually {
  private static final Duration LONGEST = Duration.ofSeconds(20);
  private static final Duration EVERY = Duration.ofMillis(20);

  private Eventually() {}

  static void holds(String what, Callable<Boolean> condition) {
    await(what).pollInSameThread().atMost(LONGEST).pollInterval(EVERY).until(condition);
  }

  /** Tries again until it succeeds. */
  static void succeeds(String what, Supplier<Future<?>> attempt) {
    holds(
        what,
        () -> {
          Future<?> future = attempt.get();
          holds("a result of " + what, future::isComplete);
          return future.succeeded();
        });
  }
}
