package dev.parley.hub.store;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of Redis, which is the time of every node: a node whose own clock is wrong, or is set
 * while it runs, writes, expires and refuses as the others do. Redis is asked now and then; between
 * two answers, and while it is away, the node's monotonic clock goes on from the last one.
 */
final class StoreClock implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(StoreClock.class);
  private static final Script TIME = new Script("time");
  private static final Key KEY = Keyspace.platform().key("time");
  private static final long ASK_EVERY_MS = 10_000;
  private static final long NANOS_PER_US = 1_000;
  private static final long NANOS_PER_MS = 1_000_000;
  private static final long WORTH_TELLING_MS = 1_000;

  /** How much a clock may have drifted since it was compared, in parts: quartz keeps a tenth. */
  private static final long DRIFT = 5_000;

  /**
   * What an answer says.
   *
   * @param aheadNanos of the monotonic clock
   * @param errorNanos half of the time that the answer took: it was right somewhere in that
   * @param at on the monotonic clock
   */
  private record Sample(long aheadNanos, long errorNanos, long at) {
    long errorAt(long now) {
      return errorNanos + (now - at) / DRIFT;
    }

    boolean isBetterThan(Sample before) {
      long doubt = before.errorAt(at);
      boolean wasSet = Math.abs(aheadNanos - before.aheadNanos) > errorNanos + doubt;
      return wasSet || errorNanos <= doubt;
    }
  }

  private final Vertx vertx;
  private final Store store;
  private final LongSupplier ticker;
  private volatile @Nullable Sample best;
  private volatile long timer = -1;

  StoreClock(Vertx vertx, Store store, LongSupplier ticker) {
    this.vertx = vertx;
    this.store = store;
    this.ticker = ticker;
  }

  /** Asks Redis for the first time; goes on asking until it is closed. */
  Future<Void> start() {
    return ask()
        .onSuccess(
            known -> {
              timer = vertx.setPeriodic(ASK_EVERY_MS, tick -> ask());
              long off = aheadMs();
              if (Math.abs(off) > WORTH_TELLING_MS) {
                LOG.warn(
                    "the clock of this machine is {} ms ahead of Redis's; the hub goes by Redis's",
                    off);
              }
            });
  }

  /** How far the clock of this machine is ahead of Redis's, or behind when negative. */
  long aheadMs() {
    return System.currentTimeMillis() - millis();
  }

  void close() {
    vertx.cancelTimer(timer);
  }

  /** Asks Redis, and believes it when its answer came fast, or when its clock was set. */
  Future<Void> ask() {
    long asked = ticker.getAsLong();
    return store
        .run(TIME, List.of(KEY), List.of())
        .map(
            answer -> {
              long answered = ticker.getAsLong();
              long error = (answered - asked) / 2;
              long redis = answer.integer(0) * NANOS_PER_US;
              offer(new Sample(redis - (asked + error), error, answered));
              return null;
            });
  }

  /** An answer that took long says less than a better one that is a little older. */
  private void offer(Sample fresh) {
    Sample before = best;
    if (before == null || fresh.isBetterThan(before)) {
      best = fresh;
    }
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }

  @Override
  public long millis() {
    Sample known = best;
    if (known == null) {
      throw new IllegalStateException("the clock has not been started");
    }
    return Math.floorDiv(ticker.getAsLong() + known.aheadNanos, NANOS_PER_MS);
  }
}
