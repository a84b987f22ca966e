package dev.parley.hub.model;

import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.protocol.frame.Json;
import java.util.List;

/** The tools the offline model knows how to call, and how it speaks of what came of a call. */
final class OfflineTools {
  static final String CALL_AGENT = "call_agent";
  static final String LIST_AGENTS = "list_agents";
  static final String LIST_FILES = "list_files";
  static final String READ_FILE = "read_file";
  static final String WRITE_FILE = "write_file";

  /** Where {@code remember} writes to. */
  static final String NOTES = "notes.md";

  private OfflineTools() {}

  static boolean has(ModelRequest request, String tool) {
    return spec(request, tool).stream().findAny().isPresent();
  }

  /** Whether {@code write_file} can add to a file: its schema has a property {@code append}. */
  static boolean canAppend(ModelRequest request) {
    return spec(request, WRITE_FILE).stream()
        .anyMatch(tool -> tool.parameters().path("properties").has("append"));
  }

  /** The call of {@code remember}, where the file can be added to at once. */
  static OfflineGrammar.UseTool append(String note) {
    return write("- " + note + "\n", true);
  }

  /** The second call of {@code remember}: the notes as they were read, and the new one. */
  static OfflineGrammar.UseTool rewrite(ToolResult notes, String note) {
    String old = notes.failed() || notes.content().isBlank() ? "" : notes.content().stripTrailing();
    return write((old.isEmpty() ? "" : old + "\n") + "- " + note + "\n", false);
  }

  static String answer(ToolCall call, ToolResult result) {
    return result.failed() ? refusal(call, result.content()) : success(call, result.content());
  }

  private static OfflineGrammar.UseTool write(String content, boolean append) {
    var arguments = Json.object().put("path", NOTES).put("content", content);
    if (append) {
      arguments.put("append", true);
    }
    return new OfflineGrammar.UseTool(WRITE_FILE, arguments);
  }

  private static String success(ToolCall call, String content) {
    return switch (call.name()) {
      case CALL_AGENT -> argument(call, "to") + " answered: " + content;
      case LIST_AGENTS -> "The agents I can reach:\n" + content;
      case LIST_FILES -> "The files in my workspace:\n" + content;
      case READ_FILE -> argument(call, "path") + " says:\n" + content;
      case WRITE_FILE -> "I wrote " + argument(call, "path") + ".";
      default -> call.name() + " answered: " + content;
    };
  }

  private static String refusal(ToolCall call, String reason) {
    return switch (call.name()) {
      case CALL_AGENT -> argument(call, "to") + " did not answer: " + reason;
      case LIST_AGENTS -> "I could not list the agents: " + reason;
      case LIST_FILES -> "I could not list my files: " + reason;
      case READ_FILE -> "I could not read " + argument(call, "path") + ": " + reason;
      case WRITE_FILE -> "I could not write " + argument(call, "path") + ": " + reason;
      default -> call.name() + " failed: " + reason;
    };
  }

  private static String argument(ToolCall call, String name) {
    return call.arguments().path(name).asText();
  }

  private static List<ToolSpec> spec(ModelRequest request, String tool) {
    return request.tools().stream().filter(spec -> spec.name().equals(tool)).toList();
  }
}
