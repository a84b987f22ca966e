package dev.parley.hub.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.parley.protocol.frame.Json;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One row of a conversation, as {@code chat.history} shows it. The JSON in it must not be changed
 * after it was handed over.
 *
 * @param id UUID, assigned by {@link Sessions}; empty before
 * @param seq 1, 2, 3 … within the session, assigned by {@link Sessions}; 0 before
 * @param content a string, or an array of blocks {@code {type: text|thinking|toolCall|image, …}}
 * @param timestamp milliseconds since 1970
 * @param idempotencyKey of a user's row: {@code <runId>:user}
 * @param runId the run that wrote it or that it started
 * @param kind of a system row: {@link #KIND_RESET}, {@code compaction}
 * @param fields the rest: {@code toolCallId, toolName, isError, usage, provider, model, stopReason,
 *     provenance, senderLabel …}
 */
public record TranscriptRow(
    String id,
    long seq,
    RowRole role,
    JsonNode content,
    long timestamp,
    @Nullable String idempotencyKey,
    @Nullable String runId,
    @Nullable String kind,
    ObjectNode fields) {
  public static final String KIND_RESET = "reset";

  private static final String META = "__openclaw";
  private static final Set<String> OWN =
      Set.of("role", "content", "timestamp", "idempotencyKey", META);

  public TranscriptRow {
    if (OWN.stream().anyMatch(fields::has)) {
      throw new IllegalArgumentException("fields may not hold any of " + OWN);
    }
  }

  /** What a person or another agent said. */
  public static TranscriptRow user(String text, long timestamp) {
    return row(RowRole.USER, TextNode.valueOf(text), timestamp, null, Json.object());
  }

  /** What the agent said, as one block of text. */
  public static TranscriptRow assistant(String text, long timestamp) {
    ArrayNode blocks = Json.mapper().createArrayNode();
    blocks.addObject().put("type", "text").put("text", text);
    return assistant(blocks, timestamp, Json.object());
  }

  /**
   * What the agent said or asked its tools to do.
   *
   * @param blocks text, thinking and toolCall blocks
   * @param fields {@code provider, model, usage, stopReason …}
   */
  public static TranscriptRow assistant(ArrayNode blocks, long timestamp, ObjectNode fields) {
    return row(RowRole.ASSISTANT, blocks, timestamp, null, fields);
  }

  /** What a tool answered. */
  public static TranscriptRow toolResult(
      String toolCallId, String toolName, String text, boolean isError, long timestamp) {
    ArrayNode blocks = Json.mapper().createArrayNode();
    blocks.addObject().put("type", "text").put("text", text);
    ObjectNode fields = Json.object();
    fields.put("toolCallId", toolCallId).put("toolName", toolName).put("isError", isError);
    return row(RowRole.TOOL_RESULT, blocks, timestamp, null, fields);
  }

  /** What the hub notes. */
  public static TranscriptRow system(String kind, String text, long timestamp) {
    return row(RowRole.SYSTEM, TextNode.valueOf(text), timestamp, kind, Json.object());
  }

  private static TranscriptRow row(
      RowRole role, JsonNode content, long timestamp, @Nullable String kind, ObjectNode fields) {
    return new TranscriptRow("", 0, role, content, timestamp, null, null, kind, fields);
  }

  /** The same row as part of a run. */
  public TranscriptRow ofRun(String run) {
    String idempotency = role == RowRole.USER ? run + ":user" : idempotencyKey;
    return new TranscriptRow(id, seq, role, content, timestamp, idempotency, run, kind, fields);
  }

  TranscriptRow placed(String newId, long newSeq) {
    return new TranscriptRow(
        newId, newSeq, role, content, timestamp, idempotencyKey, runId, kind, fields);
  }

  /** The text in it: its string, or its text blocks joined. */
  public String text() {
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

  /** The same row with at most so many characters of text and a note of how many are missing. */
  TranscriptRow shortened(int maxChars) {
    String text = text();
    String start = cut(text, maxChars);
    String shorter =
        "%s… [%d characters left out]".formatted(start, text.length() - start.length());
    JsonNode cut = TextNode.valueOf(shorter);
    if (!content.isTextual()) {
      ArrayNode blocks = Json.mapper().createArrayNode();
      blocks.addObject().put("type", "text").put("text", shorter);
      cut = blocks;
    }
    return new TranscriptRow(id, seq, role, cut, timestamp, idempotencyKey, runId, kind, fields);
  }

  /** At most so many characters from the start, never half a surrogate pair. */
  static String cut(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return text;
    }
    boolean splits = maxChars > 0 && Character.isHighSurrogate(text.charAt(maxChars - 1));
    return text.substring(0, splits ? maxChars - 1 : Math.max(0, maxChars));
  }

  /** The row as {@code chat.history} and {@code session.message} show it. */
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("role", role.wireName());
    json.set("content", content);
    json.put("timestamp", timestamp);
    putIfSet(json, "idempotencyKey", idempotencyKey);
    json.setAll(fields);
    ObjectNode meta = json.putObject(META);
    meta.put("id", id).put("seq", seq);
    putIfSet(meta, "runId", runId);
    putIfSet(meta, "kind", kind);
    putIfSet(meta, "idempotencyKey", idempotencyKey);
    return json;
  }

  private static void putIfSet(ObjectNode json, String name, @Nullable String value) {
    if (value != null) {
      json.put(name, value);
    }
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IllegalArgumentException when it is something else
   */
  static TranscriptRow of(JsonNode json) {
    ObjectNode fields = Json.object();
    json.properties().stream()
        .filter(field -> !OWN.contains(field.getKey()))
        .forEach(field -> fields.set(field.getKey(), field.getValue()));
    JsonNode meta = json.path(META);
    return new TranscriptRow(
        meta.path("id").asText(),
        meta.path("seq").asLong(),
        RowRole.of(json.path("role").asText()),
        json.path("content"),
        json.path("timestamp").asLong(),
        json.path("idempotencyKey").textValue(),
        meta.path("runId").textValue(),
        meta.path("kind").textValue(),
        fields);
  }
}
