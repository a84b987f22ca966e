package dev.parley.hub.model;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * When to ask a provider again that had no capacity or could not be reached: pauses that double,
 * each with full jitter so that callers refused together do not come back together (M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @param attempts calls in all, from 1 to 10; 1 for none again
 * @param firstPause the most before the second call
 * @param longestPause the most before any; a provider that asks for more is not asked again
 */
public record Retry(int attempts, Duration firstPause, Duration longestPause) {
  public Retry {
    if (attempts < 1 || attempts > 10) {
      throw new IllegalArgumentException("attempts must be from 1 to 10, got " + attempts);
    }
  }

  /** Up to so many attempts, with pauses up to 500 ms, 1 s, 2 s … 8 s. */
  public static Retry of(int attempts) {
    return new Retry(attempts, Duration.ofMillis(500), Duration.ofSeconds(8));
  }

  /**
   * Milliseconds to wait before the next attempt, or -1 when there should be none.
   *
   * @param made the attempts so far, at least 1
   * @param askedMs the pause the provider asked for, negative when it did not
   */
  long pauseMs(int made, long askedMs) {
    if (made >= attempts || askedMs > longestPause.toMillis()) {
      return -1;
    }
    long most = Math.min(longestPause.toMillis(), firstPause.toMillis() << (made - 1));
    long jittered = most <= 0 ? 0 : ThreadLocalRandom.current().nextLong(most + 1);
    return Math.max(jittered, askedMs);
  }
}
