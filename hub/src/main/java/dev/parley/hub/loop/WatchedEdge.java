package dev.parley.hub.loop;

import java.time.Clock;

/**
 * What is remembered of one edge. Its monitor guards all but the two times, which searches for
 * rings read from other edges.
 */
final class WatchedEdge {
  private static final long MINUTE_MS = 60_000;

  private final Edge edge;
  private final Novelty novelty;
  private final Circuit circuit;
  private final long windowMs;
  private volatile long lastAt;
  private long previousAt;
  private volatile long gapMs;
  private volatile int repeating;
  private int refusals;
  private long refusedAt;
  private long spendingSince;
  private long spent;

  WatchedEdge(Edge edge, LoopSettings settings, Clock wallClock, long now) {
    this.edge = edge;
    this.novelty = new Novelty(settings.repeats());
    this.circuit = new Circuit(edge, settings, wallClock);
    this.windowMs = settings.window().toMillis();
    this.lastAt = now;
    this.refusedAt = now;
    this.spendingSince = now;
  }

  Edge edge() {
    return edge;
  }

  Circuit circuit() {
    return circuit;
  }

  /** When a message passed last. */
  long lastAt() {
    return lastAt;
  }

  /** When the one before it did. */
  long previousAt() {
    return previousAt;
  }

  /** The smoothed time between two messages. */
  long gapMs() {
    return gapMs;
  }

  /** How many messages have passed since it has nothing new to say. */
  int repeating() {
    return repeating;
  }

  /** A message passes; true when the edge has not said anything new for some time. */
  boolean says(long fingerprint, long now) {
    long gap = now - lastAt;
    if (gap > windowMs) {
      novelty.reset();
      gapMs = 0;
    } else {
      gapMs = gapMs == 0 ? gap : (3 * gapMs + gap) / 4;
    }
    previousAt = lastAt;
    lastAt = now;
    novelty.add(fingerprint);
    boolean exhausted = novelty.exhausted();
    repeating = exhausted ? repeating + 1 : 0;
    return exhausted;
  }

  /** A chain was refused here; answers how many were within the window. */
  int chainRefused(long now) {
    if (now - refusedAt > windowMs) {
      refusals = 0;
    }
    refusedAt = now;
    return ++refusals;
  }

  void spend(long millicents, long now) {
    if (now - spendingSince > MINUTE_MS) {
      spendingSince = now;
      spent = 0;
    }
    spent += millicents;
  }

  /** Millicents spent in the minute that runs. */
  long spent(long now) {
    return now - spendingSince > MINUTE_MS ? 0 : spent;
  }

  /** Starts afresh. */
  void forget() {
    novelty.reset();
    repeating = 0;
    refusals = 0;
    spent = 0;
  }
}
