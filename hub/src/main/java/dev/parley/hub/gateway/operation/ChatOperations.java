package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.chat.Chats;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionKey;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Messages to own agents: {@code chat.*}, {@code agent} and {@code agent.wait}. */
public final class ChatOperations {
  private static final long DEFAULT_WAIT_MS = 30_000;

  /** How long the second answer may come from another node when the run has no deadline. */
  private static final Duration LONGEST_RUN = Duration.ofHours(1);

  /** How much later than the client the hub gives up. */
  private static final Duration SETTLE = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final Chats chats;
  private final SessionViews views;
  private final Clock clock;

  public ChatOperations(Vertx vertx, Chats chats, SessionViews views, Clock clock) {
    this.vertx = vertx;
    this.chats = chats;
    this.views = views;
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table
        .on("chat.send", (caller, params) -> send(caller, params, "sessionKey"))
        .on("sessions.send", (caller, params) -> send(caller, params, "key"))
        .on("chat.abort", (caller, params) -> abort(caller, params, "sessionKey"))
        .on("sessions.abort", (caller, params) -> abort(caller, params, "key"))
        .on("chat.history", views::history)
        .on("chat.startup", views::history)
        .on("agent", this::agent)
        .on("agent.wait", this::await);
  }

  private Future<ObjectNode> send(Caller caller, ObjectNode params, String keyField) {
    requireNoAttachments(params);
    String runId =
        params.hasNonNull("idempotencyKey")
            ? params.get("idempotencyKey").asText()
            : UUID.randomUUID().toString();
    return views
        .key(caller, params, keyField)
        .compose(
            key ->
                chats.send(
                    caller.principal(),
                    caller.scope(),
                    key,
                    params.path("message").asText(),
                    runId,
                    params.path("timeoutMs").asLong(0)))
        .map(ticket -> Json.toNode(ticket));
  }

  private static void requireNoAttachments(ObjectNode params) {
    if (!params.path("attachments").isEmpty()) {
      throw ParleyException.invalid(
          "attachments", "this hub takes text only; send the message without attachments");
    }
  }

  private Future<ObjectNode> abort(Caller caller, ObjectNode params, String keyField) {
    @Nullable String runId = params.path("runId").textValue();
    Future<@Nullable SessionKey> key =
        params.hasNonNull(keyField)
            ? views.key(caller, params, keyField).map(k -> k)
            : Future.succeededFuture(null);
    return key.compose(
            session -> {
              if (session == null && runId == null) {
                throw ParleyException.invalid(keyField, "say which: " + keyField + " or runId");
              }
              return chats.abort(caller.tenant(), session, runId);
            })
        .map(ChatOperations::aborted);
  }

  private static ObjectNode aborted(List<String> stopped) {
    ObjectNode result = Json.object().put("ok", true).put("aborted", !stopped.isEmpty());
    result.put("status", stopped.isEmpty() ? "no-active-run" : "aborted");
    result.put("abortedRunId", stopped.isEmpty() ? null : stopped.get(0));
    stopped.forEach(result.putArray("runIds")::add);
    return result;
  }

  /** Answers twice: accepted at once, and the result when the run ends. */
  private Future<ObjectNode> agent(Caller caller, ObjectNode params) {
    requireNoAttachments(params);
    String runId = params.path("idempotencyKey").asText();
    if (!params.hasNonNull("sessionKey")) {
      String agent = params.path("agentId").asText("");
      params.put(
          "sessionKey", agent.isEmpty() ? "main" : SessionKey.main(new AgentId(agent)).toString());
    }
    long timeoutMs = params.path("timeout").asLong(0) * 1_000;
    return views
        .key(caller, params, "sessionKey")
        .compose(
            key ->
                chats
                    .send(
                        caller.principal(),
                        caller.scope(),
                        key,
                        params.path("message").asText(),
                        runId,
                        timeoutMs)
                    .map(
                        ticket -> {
                          answerWhenDone(caller, runId, timeoutMs);
                          return Json.object()
                              .put("runId", runId)
                              .put("sessionKey", key.toString())
                              .put("agentId", key.agent().value())
                              .put("status", "accepted")
                              .put("acceptedAt", clock.millis());
                        }));
  }

  private void answerWhenDone(Caller caller, String runId, long timeoutMs) {
    Caller.Connection connection = caller.connection();
    if (connection == null) {
      return;
    }
    Duration patience = timeoutMs > 0 ? Duration.ofMillis(timeoutMs).plus(SETTLE) : LONGEST_RUN;
    chats
        .outcome(caller.tenant(), runId, patience)
        .onSuccess(
            ended -> {
              ObjectNode result =
                  Json.object().put("runId", runId).put("status", ended.status().answer());
              result.put("summary", ended.failure() == null ? "completed" : ended.failure());
              ObjectNode body = result.putObject("result");
              body.putArray("payloads").addObject().put("text", ended.text()).putNull("mediaUrl");
              body.putObject("meta").put("durationMs", ended.endedAt() - ended.startedAt());
              connection.answerAgain(result);
            })
        .onFailure(failure -> connection.answerAgain(unknownEnd(runId, failure)));
  }

  private static ObjectNode unknownEnd(String runId, Throwable failure) {
    String why = failure instanceof ParleyException known ? known.text() : "the run got lost";
    ObjectNode result =
        Json.object()
            .put("runId", runId)
            .put("status", RunStatus.FAILED.answer())
            .put("summary", why);
    result.putObject("result").putArray("payloads");
    return result;
  }

  private Future<ObjectNode> await(Caller caller, ObjectNode params) {
    String runId = params.path("runId").asText();
    long patience = Math.max(1, params.path("timeoutMs").asLong(DEFAULT_WAIT_MS));
    Future<Chats.Outcome> outcome =
        chats.outcome(caller.tenant(), runId, Duration.ofMillis(patience).plus(SETTLE));
    Promise<ObjectNode> answer = Promise.promise();
    long timer =
        vertx.setTimer(
            patience,
            late -> answer.tryComplete(Json.object().put("runId", runId).put("status", "timeout")));
    outcome.onComplete(
        done -> {
          vertx.cancelTimer(timer);
          if (done.failed()) {
            answer.tryFail(
                done.cause() instanceof ParleyException known
                    ? known
                    : new ParleyException(ErrorCode.INTERNAL, "the run got lost", done.cause()));
            return;
          }
          Chats.Outcome ended = done.result();
          ObjectNode result =
              Json.object()
                  .put("runId", runId)
                  .put("status", ended.status().answer())
                  .put("startedAt", ended.startedAt())
                  .put("endedAt", ended.endedAt());
          if (ended.failure() != null) {
            result.put("error", ended.failure());
          }
          result.putObject("terminalReply").put("disposition", "visible").put("text", ended.text());
          answer.tryComplete(result);
        });
    return answer.future();
  }
}
