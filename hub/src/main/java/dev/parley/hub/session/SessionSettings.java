package dev.parley.hub.session;

import java.time.Duration;

/**
 * Limits of sessions.
 *
 * @param flush which lines are forced to disk before they count as written
 * @param maxRowBytes of one row, JSON in UTF-8
 * @param maxTranscriptBytes of one transcript
 * @param maxSessionsPerAgent that exist at a time
 * @param rememberedRuns per session, for answering a repeated {@code chat.send}
 * @param maxRunScanBytes of a transcript read to find those runs again
 * @param maxOpen sessions of which a place to continue is kept in memory
 * @param idle how long it is kept
 * @param threads that work on transcripts at the same time
 * @param maxWaiting operations that may run or wait, of all sessions
 * @param maxWaitingPerSession operations that may wait behind one of the same session
 */
public record SessionSettings(
    Flush flush,
    int maxRowBytes,
    long maxTranscriptBytes,
    int maxSessionsPerAgent,
    int rememberedRuns,
    int maxRunScanBytes,
    int maxOpen,
    Duration idle,
    int threads,
    int maxWaiting,
    int maxWaitingPerSession) {
  public static final SessionSettings DEFAULTS =
      new SessionSettings(
          Flush.TURNS,
          1 << 20,
          256L << 20,
          2_000,
          200,
          8 << 20,
          10_000,
          Duration.ofMinutes(5),
          4,
          10_000,
          256);

  /**
   * Which lines are forced to disk; what is not may be lost when the machine (not the hub) dies.
   */
  public enum Flush {
    NEVER,
    /** What starts a run, ends one, or resets a session. */
    TURNS,
    ALWAYS
  }
}
