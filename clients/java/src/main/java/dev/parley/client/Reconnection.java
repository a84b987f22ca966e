package dev.parley.client;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.CloseCode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which address is tried next, when, and whether at all. All addresses are tried in a row; between
 * rows it backs off. A hub that refuses a handshake (a wrong or revoked key, another protocol) is
 * believed; a hub that restarts is asked again soon, the next address first. Guarded by its
 * connection's lock.
 */
final class Reconnection {
  /** There is to be no further attempt. */
  static final long GIVE_UP = -1;

  private static final long NEXT_URL_MS = 100;
  private static final long MAX_TOLD_MS = 30_000;
  private static final long STEADY_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final Set<ErrorCode> PASSING =
      Set.of(ErrorCode.UNAVAILABLE, ErrorCode.RATE_LIMITED, ErrorCode.INTERNAL);

  private final List<HubUrl> urls;
  private final Duration waitForHub;
  private final Backoff backoff;
  private final long startedNanos = System.nanoTime();
  private boolean everOpened;
  private long openedNanos;
  private int attempts;
  private long restartExpectedMs = -1;

  Reconnection(List<HubUrl> urls, Duration waitForHub, Backoff backoff) {
    this.urls = urls;
    this.waitForHub = waitForHub;
    this.backoff = backoff;
  }

  HubUrl nextUrl() {
    return urls.get(attempts++ % urls.size());
  }

  HubUrl currentUrl() {
    return urls.get(Math.max(0, attempts - 1) % urls.size());
  }

  void opened() {
    everOpened = true;
    openedNanos = System.nanoTime();
    restartExpectedMs = -1;
  }

  /** The hub said that it is going down; {@code payload} is that of its shutdown event. */
  void announced(@Nullable RawJson payload) {
    long expected =
        payload == null
            ? 0
            : Json.parse("shutdown", payload.text()).path("restartExpectedMs").asLong();
    restartExpectedMs = Math.max(0, Math.min(MAX_TOLD_MS, expected));
  }

  /** Whether the hub wants a client back that it closed with this code (RFC 6455, 7.4.1). */
  static boolean isWelcome(int closeCode) {
    for (CloseCode known : CloseCode.values()) {
      if (known.code() == closeCode) {
        return known.reconnect();
      }
    }
    return true;
  }

  /**
   * Decides after a socket has ended.
   *
   * @param wasOpen whether the hub had let it in
   * @return milliseconds until the next attempt, or {@link #GIVE_UP}
   */
  long delayAfter(ParleyException why, int closeCode, boolean wasOpen) {
    if (wasOpen) {
      attempts = restartExpectedMs >= 0 ? attempts % urls.size() : 0;
      if (System.nanoTime() - openedNanos > STEADY_NANOS) {
        backoff.reset();
      }
    }
    boolean rowEnds = attempts % urls.size() == 0;
    if (!mayReturn(closeCode, wasOpen)
        || isRefusal(why, wasOpen)
        || (!everOpened && rowEnds && waitedEnough())) {
      return GIVE_UP;
    }
    if (wasOpen && restartExpectedMs >= 0) {
      return backoff.jittered(restartExpectedMs);
    }
    if (wasOpen && isRestart(closeCode)) {
      return backoff.soon();
    }
    return rowEnds
        ? Math.max(backoff.next(), Math.min(MAX_TOLD_MS, why.retryAfterMs()))
        : NEXT_URL_MS;
  }

  /**
   * A connection that was let in once and then turned out may have been too slow or silent, or its
   * key may have been revoked: the answer to the next attempt tells.
   */
  private static boolean mayReturn(int closeCode, boolean wasOpen) {
    return isWelcome(closeCode) || (wasOpen && closeCode == CloseCode.POLICY_VIOLATION.code());
  }

  private boolean isRefusal(ParleyException why, boolean wasOpen) {
    boolean passing =
        wasOpen
            || PASSING.contains(why.code())
            || (everOpened && why.code() == ErrorCode.LIMIT_EXCEEDED);
    return !passing;
  }

  private boolean waitedEnough() {
    return System.nanoTime() - startedNanos >= waitForHub.toNanos();
  }

  private static boolean isRestart(int closeCode) {
    return closeCode == CloseCode.SERVICE_RESTART.code()
        || closeCode == CloseCode.TRY_AGAIN_LATER.code();
  }
}
