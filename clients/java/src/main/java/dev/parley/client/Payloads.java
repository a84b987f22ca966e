package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/** Payloads as agents and people mean them: a string, or an object with {@code text}, or data. */
public final class Payloads {
  private Payloads() {}

  /** The payload as text: the string itself, or the member {@code text}, or the JSON. */
  public static String text(JsonNode payload) {
    if (payload.isTextual()) {
      return payload.textValue();
    }
    JsonNode text = payload.path("text");
    return text.isTextual() ? text.textValue() : payload.toString();
  }

  static RawJson raw(@Nullable Object payload) {
    if (payload == null) {
      return RawJson.NULL;
    }
    return payload instanceof RawJson raw ? raw : Json.raw(payload);
  }
}
