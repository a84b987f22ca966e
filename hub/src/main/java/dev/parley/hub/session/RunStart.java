package dev.parley.hub.session;

/** What came of starting a run. */
public sealed interface RunStart {
  /** The run is new and its user's row is on disk. */
  record Started(TranscriptRow row, SessionRow session) implements RunStart {}

  /** The same input was sent under the same key before; nothing was written. */
  record Repeated(RunStatus status) implements RunStart {}
}
