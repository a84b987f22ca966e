package dev.parley.hub.chat;

import dev.parley.hub.agent.PayloadText;
import dev.parley.hub.agent.RunEvent;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.agent.RunListener;
import dev.parley.hub.session.RunEnd;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.Sessions;
import dev.parley.hub.session.TranscriptRow;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the transcript of a chat with a remote agent, which has none of its own, and tells of the
 * run as a hosted agent would. What comes is written in the order it came.
 */
final class RemoteTranscript {
  private final Run run;
  private final TenantScope scope;
  private final Sessions sessions;
  private final Clock clock;
  private final RunListener listener;
  private final StringBuilder text = new StringBuilder();
  private final long startedAt;
  private Future<?> begun = Future.succeededFuture();

  RemoteTranscript(
      Run run, TenantScope scope, Sessions sessions, Clock clock, RunListener listener) {
    this.run = run;
    this.scope = scope;
    this.sessions = sessions;
    this.clock = clock;
    this.listener = listener;
    this.startedAt = clock.millis();
  }

  synchronized void begin(String message) {
    begun =
        sessions
            .startRun(
                scope, run.session(), run.runId(), TranscriptRow.user(message, clock.millis()))
            .onSuccess(
                start -> {
                  if (start instanceof dev.parley.hub.session.RunStart.Started started) {
                    listener.on(
                        new RunEvent.Started(run, started.row(), started.session(), startedAt));
                  }
                });
  }

  synchronized void chunk(RawJson payload) {
    String piece = PayloadText.of(payload);
    text.append(piece);
    String soFar = text.toString();
    begun = begun.onComplete(done -> listener.on(new RunEvent.Text(run, piece, soFar)));
  }

  synchronized void finish(String reply) {
    end(RunStatus.OK, reply, null);
  }

  synchronized void fail(ParleyException failure) {
    RunStatus status = failure.code() == ErrorCode.CANCELLED ? RunStatus.ABORTED : RunStatus.FAILED;
    end(status, text.toString(), failure);
  }

  private void end(RunStatus status, String said, @Nullable ParleyException failure) {
    TranscriptRow row = said.isEmpty() ? null : TranscriptRow.assistant(said, clock.millis());
    begun =
        begun
            .transform(
                any ->
                    sessions.endRun(
                        scope, run.session(), run.runId(), new RunEnd(status, row, 0, 0, 0)))
            .onSuccess(
                ended -> {
                  if (ended.row() != null) {
                    listener.on(new RunEvent.RowAdded(run, ended.row(), ended.session()));
                  }
                  listener.on(
                      failure == null
                          ? new RunEvent.Finished(run, said, "stop", ended.session(), startedAt)
                          : ending(status, said, failure, ended.session()));
                })
            .onFailure(
                unwritten ->
                    listener.on(
                        failure == null
                            ? ending(RunStatus.FAILED, said, refusal(unwritten), null)
                            : ending(status, said, failure, null)));
  }

  private RunEvent ending(
      RunStatus status, String said, ParleyException failure, @Nullable SessionRow session) {
    return status == RunStatus.ABORTED
        ? new RunEvent.Aborted(run, said, session, startedAt)
        : new RunEvent.Failed(run, failure, session, startedAt);
  }

  private static ParleyException refusal(Throwable unwritten) {
    return unwritten instanceof ParleyException known
        ? known
        : new ParleyException(ErrorCode.INTERNAL, "the reply could not be written", unwritten);
  }
}
