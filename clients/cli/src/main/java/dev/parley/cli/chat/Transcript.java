package dev.parley.cli.chat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.cli.shell.Style;
import dev.parley.cli.shell.TerminalText;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** The answer of {@code chat.history}. */
record Transcript(JsonNode answer) {
  /** What the person wrote, oldest first. */
  List<String> ownLines() {
    List<String> lines = new ArrayList<>();
    for (JsonNode message : answer.path("messages")) {
      String text = text(message);
      if (message.path("role").asText().equals("user") && !text.isBlank()) {
        lines.add(TerminalText.line(text));
      }
    }
    return lines;
  }

  void print(PrintWriter out, Style style) {
    boolean empty = true;
    for (JsonNode message : answer.path("messages")) {
      String text = text(message);
      if (!text.isBlank()) {
        String role = TerminalText.line(message.path("role").asText());
        out.println(style.accent(role + ":") + " " + TerminalText.of(text));
        empty = false;
      }
    }
    if (empty) {
      out.println("Nothing was said yet.");
    }
  }

  private static String text(JsonNode message) {
    JsonNode content = message.path("content");
    if (content.isTextual()) {
      return content.textValue();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode block : content) {
      if (block.path("type").asText().equals("text")) {
        text.append(block.path("text").asText());
      }
    }
    return text.toString();
  }
}
