package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * One message to an agent and its reply. Its events are handled one at a time and in order.
 *
 * <p>An agent that uses tools speaks in rounds, one before each use of tools; the last is the
 * reply. Each event carries the whole text of its round, so that a missed piece does no harm.
 */
public final class ChatRun {
  private final ParleyClient client;
  private final ChatRequest request;
  private final ChatListener listener;
  private final CompletableFuture<ChatReply> reply = new CompletableFuture<>();
  private final StringBuilder round = new StringBuilder();
  private boolean spokeBefore;
  private boolean accepted;
  private boolean missedEvents;

  ChatRun(ParleyClient client, ChatRequest request, ChatListener listener) {
    this.client = client;
    this.request = request;
    this.listener = listener;
    reply.whenComplete(
        (done, failure) -> {
          if (failure instanceof CancellationException) {
            abort();
          }
        });
  }

  /** The id of the run: the idempotency key of its request. */
  public String runId() {
    return request.idempotencyKey();
  }

  /**
   * The reply. Cancelling it aborts the run.
   *
   * @return fails with the hub's refusal; {@code agent_failed}, or what else the agent failed with;
   *     {@code cancelled} after an abort; {@code deadline_exceeded}; or {@code unavailable} with
   *     {@code details.code = connection_lost} when the hub, restarted, no longer knows how the run
   *     ended
   */
  public CompletableFuture<ChatReply> reply() {
    return reply;
  }

  /** Asks the hub to stop the run; {@link #reply} then fails with {@code cancelled}. */
  public CompletableFuture<Void> abort() {
    return client
        .request(
            "chat.abort",
            Json.object().put("sessionKey", request.sessionKey()).put("runId", runId()))
        .thenAccept(aborted -> {});
  }

  ChatRequest request() {
    return request;
  }

  void whenEnded(Runnable action) {
    reply.whenComplete((done, failure) -> action.run());
  }

  /** Ends the run; false when it had ended before. */
  boolean fail(ParleyException failure) {
    return reply.completeExceptionally(failure);
  }

  /** The hub has taken the run on; answers whether events were missed before. */
  synchronized boolean accept() {
    accepted = true;
    return missedEvents;
  }

  synchronized boolean accepted() {
    return accepted;
  }

  synchronized void missedEvents() {
    missedEvents = true;
  }

  /** A chat event of this run. */
  void onChat(JsonNode event) {
    switch (event.path("state").asText()) {
      case "delta" -> onDelta(event);
      case "final" -> finish(messageText(event), event.path("stopReason").asText());
      case "aborted" -> fail(aborted());
      case "error" -> fail(failure(event));
      default -> {}
    }
  }

  /** An agent event of this run. */
  void onAgent(JsonNode event) {
    JsonNode data = event.path("data");
    String phase = data.path("phase").asText();
    switch (event.path("stream").asText()) {
      case "tool" -> onTool(phase, data);
      case "lifecycle" -> {
        if (phase.equals("model")) {
          nextRound();
        }
      }
      default -> {}
    }
  }

  /** The answer to agent.wait, asked for because events were missed. */
  void onWaited(JsonNode answer) {
    switch (answer.path("status").asText()) {
      case "ok" ->
          finish(
              answer.path("terminalReply").path("text").asText(),
              answer.path("stopReason").asText());
      case "aborted" -> fail(aborted());
      case "error" ->
          fail(
              new ParleyException(
                  ErrorCode.AGENT_FAILED, answer.path("error").asText("the run failed")));
      default -> {}
    }
  }

  /**
   * The hub does not know the run any more; all there is to tell is what it said before.
   *
   * @param status of the run when it was asked for again, or empty
   */
  void onForgotten(String status) {
    fail(
        switch (status) {
          case "aborted" -> aborted();
          case "error" -> new ParleyException(ErrorCode.AGENT_FAILED, "the run failed");
          default ->
              new ParleyException(
                      ErrorCode.UNAVAILABLE,
                      "the hub restarted during the run %s; how far it came is in chat.history"
                          .formatted(runId()))
                  .with(ParleyException.DETAIL_CODE, Failures.CONNECTION_LOST)
                  .with("runId", runId());
        });
  }

  private void onTool(String phase, JsonNode data) {
    String name = data.path("name").asText();
    switch (phase) {
      case "start" -> listener.onToolStarted(name, data.path("args"));
      case "result" ->
          listener.onToolEnded(name, data.path("isError").asBoolean(), data.path("result"));
      default -> {}
    }
  }

  private void finish(String text, String stopReason) {
    catchUp(text);
    reply.complete(new ChatReply(runId(), text, stopReason));
  }

  private void onDelta(JsonNode event) {
    String whole = messageText(event);
    if (whole.isEmpty()) {
      append(event.path("deltaText").asText());
    } else {
      catchUp(whole);
    }
  }

  private void nextRound() {
    spokeBefore |= !round.isEmpty();
    round.setLength(0);
  }

  /** Tells what {@code whole} has beyond what was told; a text that does not go on is a new one. */
  private void catchUp(String whole) {
    if (!whole.isEmpty() && round.indexOf(whole) == 0) {
      return;
    }
    int told = round.length();
    if (!whole.startsWith(round.toString())) {
      nextRound();
      told = 0;
    }
    append(whole.substring(told));
  }

  private void append(String delta) {
    if (delta.isEmpty()) {
      return;
    }
    boolean opens = round.isEmpty() && spokeBefore;
    round.append(delta);
    listener.onText(opens ? "\n" + delta : delta);
  }

  private static String messageText(JsonNode event) {
    JsonNode content = event.path("message").path("content");
    if (content.isTextual()) {
      return content.textValue();
    }
    StringBuilder joined = new StringBuilder();
    for (JsonNode block : content) {
      if (block.path("type").asText().equals("text")) {
        joined.append(block.path("text").asText());
      }
    }
    return joined.toString();
  }

  private static ParleyException aborted() {
    return new ParleyException(ErrorCode.CANCELLED, "the run was aborted");
  }

  private static ParleyException failure(JsonNode event) {
    String kind = event.path("errorKind").asText();
    ErrorCode code =
        ErrorCode.of(event.path("errorCode").asText())
            .orElseGet(
                () ->
                    switch (kind) {
                      case "timeout" -> ErrorCode.DEADLINE_EXCEEDED;
                      case "rate_limit" -> ErrorCode.RATE_LIMITED;
                      default -> ErrorCode.AGENT_FAILED;
                    });
    return new ParleyException(code, event.path("errorMessage").asText("the run failed"));
  }
}
