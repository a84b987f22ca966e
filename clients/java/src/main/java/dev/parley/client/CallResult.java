package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/**
 * The reply to a call.
 *
 * @param from the agent that replied, {@code tenant/agent}
 * @param charge what the call cost, or null when nothing
 */
public record CallResult(
    String messageId, String from, String conversation, JsonNode payload, @Nullable Charge charge) {

  /**
   * The price of a call.
   *
   * @param millicents 1000 are one cent
   * @param tokens model tokens of the called agent
   * @param payer the tenant that pays, or null
   */
  public record Charge(long millicents, long tokens, @Nullable String payer) {}

  static CallResult of(RawJson answer) {
    JsonNode json = Json.parse("answer", answer.text());
    JsonNode charge = json.path("charge");
    return new CallResult(
        json.path("messageId").asText(),
        json.path("from").asText(),
        json.path("conversation").asText(),
        json.path("payload"),
        charge.isObject()
            ? new Charge(
                charge.path("millicents").asLong(),
                charge.path("tokens").asLong(),
                charge.path("payer").textValue())
            : null);
  }

  /** The reply as text: the string itself, or the member {@code text}, or the JSON. */
  public String text() {
    return Payloads.text(payload);
  }
}
