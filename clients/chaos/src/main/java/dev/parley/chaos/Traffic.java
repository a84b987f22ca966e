package dev.parley.chaos;

import dev.parley.client.Failures;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks one numbered thing after the other until it is stopped. */
abstract class Traffic implements Runnable {
  private volatile boolean stopped;
  private volatile long made;

  final void stop() {
    stopped = true;
  }

  final boolean stopped() {
    return stopped;
  }

  /** The number of the last thing that was asked. */
  final long made() {
    return made;
  }

  /** Asks number {@code n} and pauses as it likes. */
  abstract void step(long n) throws InterruptedException;

  @Override
  public final void run() {
    try {
      for (long n = 1; !stopped; n++) {
        made = n;
        step(n);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits for an answer.
   *
   * @throws ParleyException what the hub or the client refused with; {@code internal} when there is
   *     no answer in this time
   */
  static <T> T await(CompletableFuture<T> answer, long ms) throws InterruptedException {
    try {
      return answer.get(ms, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw Failures.unwrap(e) instanceof ParleyException told
          ? told
          : new ParleyException(ErrorCode.INTERNAL, String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      throw new ParleyException(ErrorCode.INTERNAL, "no answer after %d ms".formatted(ms));
    }
  }
}
