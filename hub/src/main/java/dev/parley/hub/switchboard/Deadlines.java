package dev.parley.hub.switchboard;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The deadlines of the calls in flight, on a timer wheel (Varghese and Lauck, 1987): every call
 * sets one and nearly every call cancels it, which on a wheel costs next to nothing. A deadline
 * passes up to {@value #TICK_MS} ms late and never early.
 */
final class Deadlines {
  private static final int TICK_MS = 20;
  private static final int SLOTS = 512;

  /** Those that were cancelled are on the wheel until its next tick. */
  private static final int CANCELLED = 20_000;

  private final Vertx vertx;
  private final HashedWheelTimer wheel;
  private final Context context;

  /**
   * Starts a wheel.
   *
   * @param max deadlines at a time, beside those that were cancelled just now
   */
  Deadlines(Vertx vertx, int max) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.wheel =
        new HashedWheelTimer(
            new DefaultThreadFactory("parley-deadlines", true),
            TICK_MS,
            TimeUnit.MILLISECONDS,
            SLOTS,
            false,
            (long) max + CANCELLED);
  }

  /**
   * Runs {@code action} on an event loop once the delay is over, unless it is cancelled before.
   *
   * @throws ParleyException {@code unavailable} when there are as many as the wheel takes
   */
  Timeout after(long delayMs, Runnable action) {
    try {
      return wheel.newTimeout(
          passed -> context.runOnContext(go -> action.run()), delayMs, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException full) {
      throw new ParleyException(
              ErrorCode.UNAVAILABLE, "this hub watches as many deadlines as it can", full)
          .retryAfter(200);
    }
  }

  /** How many are on the wheel. */
  long size() {
    return wheel.pendingTimeouts();
  }

  Future<Void> close() {
    return vertx.executeBlocking(wheel::stop).mapEmpty();
  }
}
