package dev.parley.hub.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How often something may be tried by those who have not said who they are, or could not prove it.
 * Whoever tries has a token bucket, kept as the one time at which it will be full again (GCRA), in
 * the memory of this node. Of the buckets that are not full the most recent {@value #MOST} are
 * kept. May be used from any thread.
 */
public final class AttemptLimit {
  static final int MOST = 100_000;
  private static final long NANOS_PER_MS = 1_000_000;

  /** What is counted, and how often it may be. */
  public record Rate(String what, String limit, int attempts, Duration per) {}

  private final Rate rate;
  private final long windowNanos;
  private final long intervalNanos;
  private final Ticker clock;
  private final Cache<String, Long> fullAt;
  private final LongAdder refused = new LongAdder();

  public AttemptLimit(Rate rate) {
    this(rate, Ticker.systemTicker());
  }

  AttemptLimit(Rate rate, Ticker clock) {
    this.rate = rate;
    this.windowNanos = rate.per.toNanos();
    this.intervalNanos = Math.max(1, windowNanos / rate.attempts);
    this.clock = clock;
    this.fullAt =
        Caffeine.newBuilder()
            .maximumSize(MOST)
            .expireAfterWrite(rate.per.multipliedBy(2))
            .ticker(clock)
            .build();
  }

  /**
   * Counts an attempt.
   *
   * @param owner who tries, for example {@code address 192.0.2.7}
   * @throws ParleyException {@code rate_limited}, and the attempt is not counted
   */
  public void take(String owner) {
    long now = clock.read();
    long[] wait = new long[1];
    fullAt
        .asMap()
        .compute(
            owner,
            (key, before) -> {
              long owed = owed(before, now);
              wait[0] = owed + intervalNanos - windowNanos;
              return now + (wait[0] > 0 ? owed : owed + intervalNanos);
            });
    refuse(owner, wait[0]);
  }

  /**
   * Insists that an attempt would be admitted, and does not count it.
   *
   * @throws ParleyException {@code rate_limited}
   */
  public void require(String owner) {
    long now = clock.read();
    refuse(owner, owed(fullAt.getIfPresent(owner), now) + intervalNanos - windowNanos);
  }

  /**
   * Counts an attempt of which one learns only afterwards that it counts. Of many at once more may
   * be counted than there were: the rest is owed, up to a whole bucket, and waited off.
   */
  public void charge(String owner) {
    long now = clock.read();
    fullAt
        .asMap()
        .compute(
            owner,
            (key, before) -> now + Math.min(owed(before, now) + intervalNanos, 2 * windowNanos));
  }

  /** How many attempts were refused so far. */
  public long refused() {
    return refused.sum();
  }

  /** How long until the bucket is full. */
  private static long owed(@Nullable Long fullAt, long now) {
    return fullAt == null ? 0 : Math.max(0, fullAt - now);
  }

  private void refuse(String owner, long waitNanos) {
    if (waitNanos <= 0) {
      return;
    }
    refused.increment();
    long waitMs = (waitNanos + NANOS_PER_MS - 1) / NANOS_PER_MS;
    throw new ParleyException(
            ErrorCode.RATE_LIMITED,
            "too many %s from %s: %d in %d s are admitted; try again in %d s"
                .formatted(
                    rate.what, owner, rate.attempts, rate.per.toSeconds(), (waitMs + 999) / 1_000))
        .with("limit", rate.limit)
        .with("owner", owner)
        .with("max", rate.attempts)
        .with("perMs", rate.per.toMillis())
        .retryAfter(waitMs);
  }
}
