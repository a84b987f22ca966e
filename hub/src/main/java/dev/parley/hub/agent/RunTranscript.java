package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.model.ModelReply;
import dev.parley.hub.model.ResolvedModel;
import dev.parley.hub.model.TokenUsage;
import dev.parley.hub.model.ToolCall;
import dev.parley.hub.session.FencingToken;
import dev.parley.hub.session.RunEnd;
import dev.parley.hub.session.RunStart;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.TranscriptRow;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a run of a hosted agent writes into its session, and tells those who watch once it is
 * written. Used on the agent's context.
 */
final class RunTranscript {
  private final HostedAgents.Parts parts;
  private final FencingToken token;
  private final TenantScope scope;
  private final Run run;
  private boolean begun;
  private long inputTokens;
  private long outputTokens;
  private long contextTokens;

  RunTranscript(HostedAgents.Parts parts, FencingToken token, TenantScope scope, Run run) {
    this.parts = parts;
    this.token = token;
    this.scope = scope;
    this.run = run;
  }

  /** Whether anything of the run was written. */
  boolean hasBegun() {
    return begun;
  }

  /**
   * Writes what was said to the agent; fails with {@code conflict} when the run was made before.
   */
  Future<Void> begin(TranscriptRow said, long startedAt) {
    return parts
        .sessions()
        .startRun(token, scope, run.session(), run.runId(), said)
        .map(
            start -> {
              if (start instanceof RunStart.Started started) {
                begun = true;
                tell(new RunEvent.Started(run, started.row(), started.session(), startedAt));
                return null;
              }
              throw new ParleyException(
                  ErrorCode.CONFLICT, "a run with the id " + run.runId() + " was made before");
            });
  }

  /** Counts what a model call used. */
  void count(TokenUsage used) {
    inputTokens += used.input();
    outputTokens += used.output();
    contextTokens = used.input() + used.output();
  }

  Future<Void> append(TranscriptRow row) {
    return parts
        .sessions()
        .append(token, scope, run.session(), row.ofRun(run.runId()))
        .map(
            appended -> {
              tell(
                  new RunEvent.RowAdded(
                      run, Objects.requireNonNull(appended.row()), appended.session()));
              return null;
            });
  }

  /** Writes that the model asked for tools. */
  Future<Void> appendCalls(ResolvedModel model, ModelReply reply) {
    ArrayNode blocks = Json.mapper().createArrayNode();
    if (!reply.text().isEmpty()) {
      blocks.addObject().put("type", "text").put("text", reply.text());
    }
    for (ToolCall call : reply.calls()) {
      ObjectNode block = blocks.addObject().put("type", "toolCall");
      block.put("id", call.id()).put("name", call.name()).set("arguments", call.arguments());
    }
    ObjectNode fields =
        Json.object()
            .put("provider", model.provider().name())
            .put("model", model.model())
            .put("stopReason", "toolUse");
    return append(TranscriptRow.assistant(blocks, parts.clock().millis(), fields));
  }

  /** The last row of the run, with what all of it used. */
  TranscriptRow reply(String text, String stopReason) {
    TranscriptRow row = TranscriptRow.assistant(text, parts.clock().millis());
    row.fields()
        .put("stopReason", stopReason)
        .putObject("usage")
        .put("input", inputTokens)
        .put("output", outputTokens)
        .put("totalTokens", inputTokens + outputTokens);
    return row;
  }

  Future<SessionRow> end(RunStatus status, @Nullable TranscriptRow row) {
    return parts
        .sessions()
        .endRun(
            token,
            scope,
            run.session(),
            run.runId(),
            new RunEnd(status, row, inputTokens, outputTokens, contextTokens))
        .map(
            appended -> {
              if (appended.row() != null) {
                tell(new RunEvent.RowAdded(run, appended.row(), appended.session()));
              }
              return appended.session();
            });
  }

  private void tell(RunEvent event) {
    parts.listener().on(event);
  }
}
