package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.concurrent.CompletableFuture;

/** One message to an agent and its reply. */
public final class ChatRun {
  private final ParleyClient client;
  private final ChatRequest request;
  private final ChatListener listener;
  private final CompletableFuture<ChatReply> reply = new CompletableFuture<>();
  private final StringBuilder text = new StringBuilder();

  ChatRun(ParleyClient client, ChatRequest request, ChatListener listener) {
    this.client = client;
    this.request = request;
    this.listener = listener;
  }

  public String runId() {
    return request.idempotencyKey();
  }

  /**
   * The reply.
   *
   * @return fails with the hub's refusal, {@code agent_failed}, {@code cancelled} after an abort,
   *     or {@code deadline_exceeded}
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

  void fail(ParleyException failure) {
    reply.completeExceptionally(failure);
  }

  /** A chat event of this run. */
  void onChat(JsonNode event) {
    switch (event.path("state").asText()) {
      case "delta" -> onDelta(event);
      case "final" -> {
        catchUp(messageText(event));
        reply.complete(new ChatReply(runId(), text.toString(), event.path("stopReason").asText()));
      }
      case "aborted" -> fail(new ParleyException(ErrorCode.CANCELLED, "the run was aborted"));
      case "error" -> fail(failure(event));
      default -> {}
    }
  }

  /** An agent event of this run. */
  void onAgent(JsonNode event) {
    if (!event.path("stream").asText().equals("tool")) {
      return;
    }
    JsonNode data = event.path("data");
    String name = data.path("name").asText();
    switch (data.path("phase").asText()) {
      case "start" -> listener.onToolStarted(name, data.path("args"));
      case "result" ->
          listener.onToolEnded(name, data.path("isError").asBoolean(), data.path("result"));
      default -> {}
    }
  }

  /** The answer to agent.wait, asked for because events were missed. */
  void onWaited(JsonNode answer) {
    JsonNode terminal = answer.path("terminalReply").path("text");
    switch (answer.path("status").asText()) {
      case "ok" -> {
        catchUp(terminal.isTextual() ? terminal.textValue() : "");
        reply.complete(new ChatReply(runId(), text.toString(), answer.path("stopReason").asText()));
      }
      case "error" ->
          fail(
              new ParleyException(
                  ErrorCode.AGENT_FAILED, answer.path("error").asText("the run failed")));
      default -> {}
    }
  }

  private void onDelta(JsonNode event) {
    String whole = messageText(event);
    if (whole.isEmpty()) {
      append(event.path("deltaText").asText());
    } else {
      catchUp(whole);
    }
  }

  /** Shows what {@code whole} has beyond what was shown, so that missed deltas do no harm. */
  private void catchUp(String whole) {
    String shown = text.toString();
    if (whole.startsWith(shown)) {
      append(whole.substring(shown.length()));
    } else if (!whole.isEmpty() && !shown.startsWith(whole)) {
      append("\n");
      append(whole);
      text.setLength(0);
      text.append(whole);
    }
  }

  private void append(String delta) {
    if (!delta.isEmpty()) {
      text.append(delta);
      listener.onText(delta);
    }
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

  private static ParleyException failure(JsonNode event) {
    String kind = event.path("errorKind").asText();
    ErrorCode code =
        switch (kind) {
          case "timeout" -> ErrorCode.DEADLINE_EXCEEDED;
          case "rate_limit" -> ErrorCode.RATE_LIMITED;
          default -> ErrorCode.of(kind).orElse(ErrorCode.AGENT_FAILED);
        };
    ParleyException failure =
        new ParleyException(code, event.path("errorMessage").asText("the run failed"));
    event
        .path("errorDetail")
        .properties()
        .forEach(
            detail ->
                failure.with(
                    detail.getKey(),
                    detail.getValue().isIntegralNumber()
                        ? detail.getValue().longValue()
                        : detail.getValue().asText()));
    return failure;
  }
}
