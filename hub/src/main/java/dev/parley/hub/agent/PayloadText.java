package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Json;

/** The text in a payload, which hosted agents write as {@code {"text": …}}. */
public final class PayloadText {
  private PayloadText() {}

  /** The string, the member {@code text}, or for anything else the JSON itself. */
  public static String of(RawJson payload) {
    JsonNode json = Json.parse("payload", payload.text());
    if (json.isTextual()) {
      return json.textValue();
    }
    return json.path("text").isTextual() ? json.get("text").textValue() : payload.text();
  }

  public static RawJson write(String text) {
    return Json.raw(Json.object().put("text", text));
  }
}
