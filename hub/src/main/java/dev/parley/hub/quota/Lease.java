package dev.parley.hub.quota;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Permits that Redis has set aside for this node, for a while. Spending one is a compare-and-set.
 */
final class Lease {
  static final Lease NONE = new Lease(0, 0, 0, System.nanoTime());

  private final double ratePerSecond;
  private final long burst;
  private final AtomicLong permits;
  private final long lowWater;
  private final long endNanos;

  /**
   * Takes over permits.
   *
   * @param ratePerSecond with {@code burst}, the limits it was made under
   * @param endNanos by {@link System#nanoTime}, never later than Redis's own end of it
   */
  Lease(double ratePerSecond, long burst, long permits, long endNanos) {
    this.ratePerSecond = ratePerSecond;
    this.burst = burst;
    this.permits = new AtomicLong(permits);
    this.lowWater = permits / 2;
    this.endNanos = endNanos;
  }

  boolean isFor(double rate, long size) {
    return ratePerSecond == rate && burst == size;
  }

  boolean endedBy(long nanos) {
    return nanos - endNanos >= 0;
  }

  double ratePerSecond() {
    return ratePerSecond;
  }

  long burst() {
    return burst;
  }

  long endNanos() {
    return endNanos;
  }

  long permits() {
    return permits.get();
  }

  /** Spends one permit; answers how many are left, negative when there was none. */
  long spend() {
    long left;
    do {
      left = permits.get();
      if (left <= 0) {
        return -1;
      }
    } while (!permits.compareAndSet(left, left - 1));
    return left - 1;
  }

  /** Whether this many left means that it is time to fetch more; true for one number only. */
  boolean isLow(long left) {
    return left == lowWater;
  }

  /** Takes out what is left; nothing can be spent from this lease afterwards. */
  long close() {
    return permits.getAndSet(0);
  }
}
