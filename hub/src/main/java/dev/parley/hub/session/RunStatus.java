package dev.parley.hub.session;

/** How far a run is. */
public enum RunStatus {
  /**
   * Begun and without an end in the transcript. After a crash it may not be running any more: only
   * who runs the agent knows.
   */
  RUNNING("in_flight", "running"),
  OK("ok", "done"),
  FAILED("error", "failed"),
  ABORTED("aborted", "killed");

  private final String answer;
  private final String sessionStatus;

  RunStatus(String answer, String sessionStatus) {
    this.answer = answer;
    this.sessionStatus = sessionStatus;
  }

  /** The {@code status} of the answer to a repeated {@code chat.send}. */
  public String answer() {
    return answer;
  }

  /** The {@code status} of a session row whose last run this is. */
  public String sessionStatus() {
    return sessionStatus;
  }

  static RunStatus of(String answer) {
    for (RunStatus status : values()) {
      if (status.answer.equals(answer)) {
        return status;
      }
    }
    throw new IllegalArgumentException("no status of a run: " + answer);
  }
}
