package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.TranscriptRow;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import org.jspecify.annotations.Nullable;

/** What a run does, for those of the agent's own tenant who watch. */
public sealed interface RunEvent {

  /**
   * Which run.
   *
   * @param runId chosen by the client that started it, or made by the hub
   */
  record Run(TenantId tenant, SessionKey session, String runId) {}

  Run run();

  /** The run began; {@code row} is what was said to the agent. */
  record Started(Run run, TranscriptRow row, SessionRow session, long at) implements RunEvent {}

  /** A model was asked. */
  record ModelAsked(Run run, String provider, String model) implements RunEvent {}

  /** Text came: {@code delta} was added and {@code text} is all since the run's last tool call. */
  record Text(Run run, String delta, String text) implements RunEvent {}

  /** A tool began. */
  record ToolStarted(Run run, String callId, String tool, ObjectNode arguments)
      implements RunEvent {}

  /** A tool ended. */
  record ToolEnded(Run run, String callId, String tool, String content, boolean failed)
      implements RunEvent {}

  /** A row was added to the transcript. */
  record RowAdded(Run run, TranscriptRow row, SessionRow session) implements RunEvent {}

  /** The run ended well. */
  record Finished(Run run, String text, String stopReason, SessionRow session, long startedAt)
      implements RunEvent {}

  /**
   * Somebody stopped the run.
   *
   * @param text what had come
   * @param session null when the end could not be written
   */
  record Aborted(Run run, String text, @Nullable SessionRow session, long startedAt)
      implements RunEvent {}

  /**
   * The run failed.
   *
   * @param session null when the end could not be written
   */
  record Failed(Run run, ParleyException failure, @Nullable SessionRow session, long startedAt)
      implements RunEvent {}

  /**
   * The run was lost with the node of the hub that ran it.
   *
   * @param session null when the end could not be written
   */
  record Lost(Run run, ParleyException failure, @Nullable SessionRow session, long startedAt)
      implements RunEvent {}
}
