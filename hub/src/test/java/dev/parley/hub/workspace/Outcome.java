package dev.parley.hub.workspace;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Waits for futures in tests. */
final class Outcome {
  private Outcome() {}

  static <T> T of(Future<T> future) {
    try {
      return future
          .toCompletionStage()
          .toCompletableFuture()
          .orTimeout(20, TimeUnit.SECONDS)
          .join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof ParleyException refused) {
        throw refused;
      }
      throw e;
    }
  }

  static ParleyException refusal(Future<?> future) {
    try {
      Object value = of(future);
      throw new AssertionError("expected a refusal, got " + value);
    } catch (ParleyException e) {
      return e;
    }
  }
}
