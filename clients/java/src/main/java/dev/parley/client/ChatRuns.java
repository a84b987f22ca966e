package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The chat runs under way, by run id. A run ends by its last event; when events were missed, the
 * hub is asked how it ended.
 */
final class ChatRuns {
  private static final Duration ANSWER = Duration.ofSeconds(30);

  private final ParleyClient client;
  private final ConcurrentMap<String, ChatRun> runs = new ConcurrentHashMap<>();

  ChatRuns(ParleyClient client) {
    this.client = client;
  }

  ChatRun start(ChatRequest request, ChatListener listener) {
    ChatRun run = new ChatRun(client, request, listener);
    if (runs.putIfAbsent(run.runId(), run) != null) {
      run.fail(new ParleyException(ErrorCode.CONFLICT, "this run is under way already"));
      return run;
    }
    long timeoutMs = Math.max(1, request.timeout().toMillis());
    CompletableFuture<ChatReply> reply = run.reply();
    CompletableFuture<Void> ticking =
        new CompletableFuture<Void>().orTimeout(timeoutMs, TimeUnit.MILLISECONDS);
    ticking.whenComplete(
        (nothing, failure) -> {
          if (failure instanceof TimeoutException && !reply.isDone()) {
            run.fail(Failures.timedOut("chat.send", timeoutMs));
            run.abort();
          }
        });
    reply.whenComplete(
        (done, failure) -> {
          runs.remove(run.runId(), run);
          ticking.complete(null);
        });
    client.ended().thenAccept(run::fail);
    ObjectNode params =
        Json.object()
            .put("sessionKey", request.sessionKey())
            .put("agentId", request.agent())
            .put("message", request.message())
            .put("idempotencyKey", run.runId())
            .put("timeoutMs", timeoutMs);
    client
        .request("chat.send", params, ANSWER)
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                run.fail(Failures.of(failure));
              } else if (answer.path("status").asText().equals("ok")) {
                askForTheEnd(run);
              }
            });
    return run;
  }

  void onEvent(Frame.Event event) {
    RawJson payload = event.payload();
    boolean chat = event.event().equals("chat");
    if (runs.isEmpty() || payload == null || !(chat || event.event().equals("agent"))) {
      return;
    }
    JsonNode json = Json.parse(event.event(), payload.text());
    ChatRun run = runs.get(json.path("runId").asText());
    if (run == null) {
      return;
    }
    if (chat) {
      run.onChat(json);
    } else {
      run.onAgent(json);
    }
  }

  /** Events were missed: the last one of a run may have been among them. */
  void onGap() {
    runs.values().forEach(this::askForTheEnd);
  }

  private void askForTheEnd(ChatRun run) {
    long timeoutMs = Math.max(1, run.request().timeout().toMillis());
    client
        .request(
            "agent.wait",
            Json.object().put("runId", run.runId()).put("timeoutMs", timeoutMs),
            Duration.ofMillis(timeoutMs).plus(ANSWER))
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                run.onWaited(answer);
              } else if (!run.reply().isDone()
                  && Failures.of(failure).code() != ErrorCode.UNAVAILABLE) {
                run.fail(Failures.of(failure));
              }
            });
  }
}
