package dev.parley.hub.loop;

import java.time.Clock;
import org.jspecify.annotations.Nullable;

/**
 * The breaker of one edge. Opened, it refuses for a pause; then it is half-open and messages pass
 * on trial: {@code probes} good ones close it, as many bad ones open it again, for twice the pause.
 * Times are those of a clock that only goes forward. Not thread-safe.
 */
final class Circuit {
  private enum State {
    CLOSED,
    OPEN,
    HALF_OPEN
  }

  private final Edge edge;
  private final LoopSettings settings;
  private final Clock wallClock;
  private State state = State.CLOSED;
  private LoopReason reason = LoopReason.NO_NEW_INFORMATION;
  private String why = "";
  private long pauseMs;
  private long reopensAt;
  private long closedAt;
  private long trippedAt;
  private int trips;
  private int good;
  private int bad;

  Circuit(Edge edge, LoopSettings settings, Clock wallClock) {
    this.edge = edge;
    this.settings = settings;
    this.wallClock = wallClock;
  }

  boolean closed() {
    return state == State.CLOSED;
  }

  /** Whether messages are refused; after the pause they are not, and the edge is on trial. */
  boolean open(long now) {
    if (state == State.OPEN && now >= reopensAt) {
      state = State.HALF_OPEN;
      good = 0;
      bad = 0;
    }
    return state == State.OPEN;
  }

  /** Since when messages are let through on trial. */
  long onTrialSince() {
    return reopensAt;
  }

  /** Opens it. */
  void trip(LoopReason because, String text, long now) {
    boolean again = trips > 0 && now - closedAt < settings.maxPause().toMillis();
    pauseMs =
        state == State.HALF_OPEN || again
            ? Math.min(pauseMs * 2, settings.maxPause().toMillis())
            : settings.pause().toMillis();
    trips = state == State.HALF_OPEN || again ? trips + 1 : 1;
    open(because, text, now);
  }

  /** Opens it as another node has. */
  void follow(LoopReason because, String text, long pause, int tripsThere, long now) {
    if (!open(now)) {
      pauseMs = Math.min(pause, settings.maxPause().toMillis());
      trips = tripsThere;
      open(because, text, now);
    }
  }

  /** A message on trial was in order; true when that closes the circuit. */
  boolean passed(long now) {
    if (++good < settings.probes()) {
      return false;
    }
    state = State.CLOSED;
    closedAt = now;
    return true;
  }

  /** A message on trial was not in order; true when that was one too many. */
  boolean failed() {
    return ++bad >= settings.probes();
  }

  /** Closes it and forgets how often it was opened. */
  void reset() {
    state = State.CLOSED;
    trips = 0;
  }

  long pauseLeft(long now) {
    return Math.max(0, reopensAt - now);
  }

  long pauseMs() {
    return pauseMs;
  }

  /** How it is; null when it is closed. */
  @Nullable Trip trip(long now) {
    boolean open = open(now);
    if (state == State.CLOSED) {
      return null;
    }
    return new Trip(
        edge,
        reason,
        open ? Trip.State.OPEN : Trip.State.HALF_OPEN,
        why,
        trippedAt,
        trippedAt + pauseMs,
        trips);
  }

  private void open(LoopReason because, String text, long now) {
    state = State.OPEN;
    reason = because;
    why = text;
    reopensAt = now + pauseMs;
    trippedAt = wallClock.millis();
  }
}
