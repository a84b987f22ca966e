package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Future;

/**
 * The chat runs under way, by run id. A run ends by its last event; when events were missed, the
 * hub is asked how it ended.
 */
final class ChatRuns {
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final long ASK_AGAIN_MS = 500;

  private final ParleyClient client;
  private final HubConnection connection;
  private final ConcurrentMap<String, ChatRun> runs = new ConcurrentHashMap<>();

  ChatRuns(ParleyClient client, HubConnection connection) {
    this.client = client;
    this.connection = connection;
  }

  ChatRun start(ChatRequest request, ChatListener listener) {
    ChatRun run = new ChatRun(client, request, listener);
    if (runs.putIfAbsent(run.runId(), run) != null) {
      run.fail(
          new ParleyException(
                  ErrorCode.CONFLICT, "the run %s is under way already".formatted(run.runId()))
              .with("field", "idempotencyKey"));
      return run;
    }
    long timeoutMs = Math.max(1, request.timeout().toMillis());
    Future<?> deadline = connection.executeAfter(timeoutMs, () -> onDeadline(run, timeoutMs));
    run.whenEnded(
        () -> {
          runs.remove(run.runId(), run);
          deadline.cancel(false);
        });
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
              } else {
                onAccepted(run, answer.path("status").asText());
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

  /**
   * Events were missed: the last one of a run may have been among them. A run that is not accepted
   * yet is asked for when its {@code chat.send}, sent again, has been answered.
   */
  void onGap() {
    for (ChatRun run : runs.values()) {
      if (run.accepted()) {
        askForTheEnd(run, "");
      } else {
        run.missedEvents();
      }
    }
  }

  /** The connection has ended for good. */
  void end(ParleyException why) {
    runs.values().forEach(run -> run.fail(why));
  }

  private void onAccepted(ChatRun run, String status) {
    boolean missed = run.accept();
    if (missed || !status.equals("started")) {
      askForTheEnd(run, status);
    }
  }

  private void onDeadline(ChatRun run, long timeoutMs) {
    if (run.fail(Failures.timedOut("chat.send", timeoutMs))) {
      run.abort();
    }
  }

  /**
   * Waits for the end at the hub.
   *
   * @param status what the hub said of the run when it was asked for again, or empty
   */
  private void askForTheEnd(ChatRun run, String status) {
    long timeoutMs = Math.max(1, run.request().timeout().toMillis());
    client
        .request(
            "agent.wait",
            Json.object().put("runId", run.runId()).put("timeoutMs", timeoutMs),
            Duration.ofMillis(timeoutMs).plus(ANSWER))
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                connection.execute(() -> run.onWaited(answer));
              } else if (Failures.of(failure).code() == ErrorCode.NOT_FOUND) {
                connection.execute(() -> run.onForgotten(status));
              } else if (Failures.of(failure).code() == ErrorCode.UNAVAILABLE) {
                askAgainForTheEnd(run, status);
              } else {
                run.fail(Failures.of(failure));
              }
            });
  }

  /** The hub went away before it answered; the connection may be resumed, without another gap. */
  private void askAgainForTheEnd(ChatRun run, String status) {
    var unused =
        connection.executeAfter(
            ASK_AGAIN_MS,
            () -> {
              if (!run.reply().isDone()) {
                askForTheEnd(run, status);
              }
            });
  }
}
