package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.model.ModelMessage;
import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.hub.model.ToolCall;
import dev.parley.hub.session.TranscriptRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A transcript as a model is shown it. Models insist that a conversation begins with a user and
 * that every tool call has its result, which the end of a transcript need not fulfil: a run may
 * have been cut off in the middle, and the window may begin there.
 */
final class ModelContext {
  private static final String INTERRUPTED = "interrupted: the run ended before this tool answered";

  private final List<ModelMessage> messages = new ArrayList<>();
  private final Map<String, String> open = new LinkedHashMap<>();

  private ModelContext() {}

  static List<ModelMessage> of(List<TranscriptRow> rows) {
    ModelContext context = new ModelContext();
    rows.forEach(context::add);
    context.closeOpenCalls();
    return context.messages;
  }

  private void add(TranscriptRow row) {
    switch (row.role()) {
      case USER -> {
        closeOpenCalls();
        messages.add(new UserText(row.text()));
      }
      case ASSISTANT -> {
        closeOpenCalls();
        List<ToolCall> calls = calls(row.content());
        if (!messages.isEmpty() && (!row.text().isEmpty() || !calls.isEmpty())) {
          messages.add(new AssistantTurn(row.text(), calls));
          calls.forEach(call -> open.put(call.id(), call.name()));
        }
      }
      case TOOL_RESULT -> {
        String callId = row.fields().path("toolCallId").asText();
        String tool = open.remove(callId);
        if (tool != null) {
          boolean failed = row.fields().path("isError").asBoolean();
          messages.add(new ToolResult(callId, tool, row.text(), failed));
        }
      }
      case SYSTEM -> {}
    }
  }

  private void closeOpenCalls() {
    open.forEach((callId, tool) -> messages.add(new ToolResult(callId, tool, INTERRUPTED, true)));
    open.clear();
  }

  private static List<ToolCall> calls(JsonNode content) {
    List<ToolCall> calls = new ArrayList<>();
    for (JsonNode block : content) {
      if (block.path("type").asText().equals("toolCall")
          && block.path("arguments") instanceof ObjectNode arguments) {
        calls.add(new ToolCall(block.path("id").asText(), block.path("name").asText(), arguments));
      }
    }
    return calls;
  }
}
