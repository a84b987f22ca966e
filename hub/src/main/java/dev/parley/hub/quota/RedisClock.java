package dev.parley.hub.quota;

/**
 * Redis's clock as far as this node knows it. Only a guess that saves round trips: a script that
 * depends on the day checks it by Redis's own time and answers {@code day} when the guess is wrong.
 */
final class RedisClock {
  static final long DAY_MS = 86_400_000;

  private volatile long aheadMs;

  /** Learns from a time that Redis answered. */
  void observe(long redisMs) {
    aheadMs = redisMs - System.currentTimeMillis();
  }

  /** Today in UTC, days of the epoch. */
  long today() {
    return Math.floorDiv(System.currentTimeMillis() + aheadMs, DAY_MS);
  }
}
