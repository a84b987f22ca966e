package dev.parley.client;

import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: from {@code firstMs}, doubled up to {@code maxMs}, each
 * between a half and the whole of that, so that clients that lost the same hub do not return
 * together.
 */
final class Backoff {
  private static final long FIRST_MS = 1_000;
  private static final long MAX_MS = 30_000;

  private final long firstMs;
  private final long maxMs;
  private final RandomGenerator random;
  private long nextMs;

  Backoff(long firstMs, long maxMs, RandomGenerator random) {
    this.firstMs = firstMs;
    this.maxMs = maxMs;
    this.random = random;
    this.nextMs = firstMs;
  }

  static Backoff standard() {
    return new Backoff(FIRST_MS, MAX_MS, RandomGenerator.getDefault());
  }

  /** Milliseconds to wait now; the next answer is about twice as long. */
  long next() {
    long delay = jittered(nextMs);
    nextMs = Math.min(maxMs, nextMs * 2);
    return delay;
  }

  /** A short wait, for a hub that said it comes back at once; does not count. */
  long soon() {
    return jittered(Math.max(1, firstMs / 2));
  }

  void reset() {
    nextMs = firstMs;
  }

  /** Between a half and the whole of {@code ms}. */
  long jittered(long ms) {
    return ms / 2 + random.nextLong(ms / 2 + 1);
  }
}
