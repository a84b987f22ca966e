package dev.parley.hub.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The hub's words for messages and tools, in those of LangChain4j and back. */
final class LangChainMessages {
  /** Stands for an empty text, which providers refuse. */
  private static final String EMPTY = "(empty)";

  private LangChainMessages() {}

  static List<ChatMessage> messages(ModelRequest request) {
    List<ChatMessage> messages = new ArrayList<>();
    if (!request.system().isBlank()) {
      messages.add(SystemMessage.from(request.system()));
    }
    for (ModelMessage message : request.messages()) {
      if (message instanceof UserText user) {
        messages.add(UserMessage.from(orEmpty(user.text())));
      } else if (message instanceof AssistantTurn turn) {
        messages.add(assistant(turn));
      } else if (message instanceof ToolResult result) {
        messages.add(
            ToolExecutionResultMessage.builder()
                .id(result.callId())
                .toolName(result.tool())
                .text(orEmpty(result.content()))
                .isError(result.failed())
                .build());
      }
    }
    return messages;
  }

  static List<ToolSpecification> tools(ModelRequest request) {
    return request.tools().stream()
        .map(
            tool ->
                ToolSpecification.builder()
                    .name(tool.name())
                    .description(tool.description())
                    .parameters(schema(tool.parameters()))
                    .build())
        .toList();
  }

  /**
   * The calls a model made.
   *
   * @param fallbackId the start of ids for providers that give none
   * @throws ParleyException {@code agent_failed} when arguments are no JSON object
   */
  static List<ToolCall> calls(AiMessage message, String fallbackId) {
    List<ToolCall> calls = new ArrayList<>();
    for (ToolExecutionRequest request : message.toolExecutionRequests()) {
      String id = request.id() == null || request.id().isBlank() ? "" : request.id();
      calls.add(
          new ToolCall(
              id.isEmpty() ? fallbackId + "_" + calls.size() : id,
              request.name(),
              arguments(request)));
    }
    return calls;
  }

  private static ObjectNode arguments(ToolExecutionRequest request) {
    String written = request.arguments();
    if (written == null || written.isBlank()) {
      return Json.object();
    }
    try {
      return Json.parseObject("arguments", written);
    } catch (ParleyException e) {
      throw new ParleyException(
          ErrorCode.AGENT_FAILED,
          "the model called %s with arguments that are no JSON object".formatted(request.name()));
    }
  }

  private static AiMessage assistant(AssistantTurn turn) {
    List<ToolExecutionRequest> calls =
        turn.calls().stream()
            .map(
                call ->
                    ToolExecutionRequest.builder()
                        .id(call.id())
                        .name(call.name())
                        .arguments(Json.write(call.arguments()))
                        .build())
            .toList();
    if (calls.isEmpty()) {
      return AiMessage.from(orEmpty(turn.text()));
    }
    return turn.text().isBlank() ? AiMessage.from(calls) : AiMessage.from(turn.text(), calls);
  }

  private static JsonObjectSchema schema(ObjectNode parameters) {
    JsonObjectSchema.Builder schema =
        JsonObjectSchema.builder()
            .addProperties(elements(parameters.path("properties")))
            .required(strings(parameters.path("required")));
    if (parameters.path("additionalProperties").isBoolean()) {
      schema.additionalProperties(parameters.path("additionalProperties").booleanValue());
    }
    if (parameters.path("$defs").isObject()) {
      schema.definitions(elements(parameters.path("$defs")));
    }
    return schema.build();
  }

  private static Map<String, JsonSchemaElement> elements(JsonNode object) {
    Map<String, JsonSchemaElement> elements = new LinkedHashMap<>();
    object
        .properties()
        .forEach(
            field ->
                elements.put(field.getKey(), JsonRawSchema.from(Json.write(field.getValue()))));
    return elements;
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(item -> strings.add(item.asText()));
    return strings;
  }

  private static String orEmpty(String text) {
    return text.isBlank() ? EMPTY : text;
  }
}
