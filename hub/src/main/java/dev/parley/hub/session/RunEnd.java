package dev.parley.hub.session;

import org.jspecify.annotations.Nullable;

/**
 * How a run ends.
 *
 * @param status not {@link RunStatus#RUNNING}
 * @param row the last row, or null when there is none
 * @param inputTokens used by the run
 * @param outputTokens used by the run
 * @param contextTokens taken up by the conversation after it; 0 when nobody knows
 */
public record RunEnd(
    RunStatus status,
    @Nullable TranscriptRow row,
    long inputTokens,
    long outputTokens,
    long contextTokens) {
  public RunEnd {
    if (status == RunStatus.RUNNING) {
      throw new IllegalArgumentException("a run does not end by running");
    }
  }
}
