package dev.parley.cli.connect;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a program says in one line of JSON. Payloads are passed on as they were written. */
sealed interface ProgramLine {
  /** The answer to a message, which ends it. */
  record Reply(String id, RawJson payload) implements ProgramLine {}

  /** A piece of the answer. */
  record Chunk(String id, RawJson payload) implements ProgramLine {}

  /** The program could not do it, which ends the message. */
  record Failed(String id, String message) implements ProgramLine {}

  /**
   * The program calls another agent.
   *
   * @param id the message because of which, or null for a call of its own accord
   * @param callId chosen by the program, comes back with the answer
   */
  record Call(
      @Nullable String id,
      String callId,
      String to,
      RawJson payload,
      @Nullable String conversation,
      @Nullable Duration timeout)
      implements ProgramLine {}

  /**
   * Reads a line.
   *
   * @throws ParleyException {@code invalid_request}: no JSON object, or none of the above
   */
  static ProgramLine parse(String text) {
    JsonNode line = Json.parseObject("line", text);
    Map<String, RawJson> raw = FrameCodec.members(new RawJson(text));
    String id = line.path("id").textValue();
    if (line.has("call")) {
      return call(id, line, raw);
    }
    if (id == null) {
      throw ParleyException.invalid("id", "it has no «id» of a message");
    }
    if (line.has("reply")) {
      return new Reply(id, raw.getOrDefault("reply", RawJson.NULL));
    }
    if (line.has("chunk")) {
      return new Chunk(id, raw.getOrDefault("chunk", RawJson.NULL));
    }
    if (line.path("error").isTextual()) {
      return new Failed(id, line.path("error").textValue());
    }
    throw ParleyException.invalid("reply", "it has none of «reply», «chunk», «error» and «call»");
  }

  /** The id in the beginning of a line that is too long; null when it does not come first. */
  static @Nullable String idIn(String beginning) {
    try (JsonParser parser = Json.mapper().createParser(beginning)) {
      if (parser.nextToken() == JsonToken.START_OBJECT
          && "id".equals(parser.nextFieldName())
          && parser.nextToken() == JsonToken.VALUE_STRING) {
        return parser.getText();
      }
      return null;
    } catch (IOException noJson) {
      return null;
    }
  }

  private static Call call(@Nullable String id, JsonNode line, Map<String, RawJson> raw) {
    JsonNode call = line.path("call");
    String callId = line.path("callId").textValue();
    String to = call.path("to").textValue();
    if (callId == null || to == null) {
      throw ParleyException.invalid("call", "a call needs «callId» and «call.to»");
    }
    RawJson payload =
        FrameCodec.members(raw.getOrDefault("call", RawJson.EMPTY_OBJECT)).get("payload");
    return new Call(
        id,
        callId,
        to,
        payload == null ? RawJson.NULL : payload,
        call.path("conversation").textValue(),
        call.hasNonNull("timeoutMs") ? Duration.ofMillis(call.path("timeoutMs").asLong(1)) : null);
  }
}
