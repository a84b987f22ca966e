package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.CompletableFuture;

/** Prints a chat as its events come, and completes with each reply's text. */
final class ChatPrinter {
  private CompletableFuture<String> reply = new CompletableFuture<>();
  private boolean speaking;

  /** The next run's reply. */
  synchronized CompletableFuture<String> nextReply() {
    reply = new CompletableFuture<>();
    return reply;
  }

  synchronized void on(String event, JsonNode payload) {
    if (event.equals("agent") && payload.path("stream").asText().equals("tool")) {
      JsonNode data = payload.path("data");
      if (data.path("phase").asText().equals("start")) {
        System.out.println("  [" + data.path("name").asText() + " " + data.path("args") + "]");
      }
    }
    if (!event.equals("chat") || !payload.path("sessionKey").asText().endsWith(":main")) {
      return;
    }
    switch (payload.path("state").asText()) {
      case "delta" -> {
        System.out.print((speaking ? "" : "  agent: ") + payload.path("deltaText").asText());
        speaking = true;
      }
      case "final" -> {
        System.out.println();
        speaking = false;
        reply.complete(payload.path("message").path("content").path(0).path("text").asText());
      }
      case "error", "aborted" -> {
        speaking = false;
        reply.complete("error: " + payload.path("errorMessage").asText());
      }
      default -> {}
    }
  }
}
