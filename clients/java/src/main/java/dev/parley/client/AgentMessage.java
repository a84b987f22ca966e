package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.frame.Json;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message to the agent.
 *
 * @param from who sends it, {@code tenant} or {@code tenant/agent}; set by the hub, can be trusted
 * @param to the agent itself, {@code tenant/agent}
 * @param conversation groups messages of one sender
 * @param kind whether the sender takes the reply in pieces, or has sent a message that is only
 *     acknowledged and may come again under the same id
 * @param deadline when the sender stops waiting
 * @param causes the messages that led to this one, oldest first
 * @param traceparent W3C Trace Context of the sender, or null
 * @param payload any JSON value
 */
public record AgentMessage(
    String id,
    String from,
    String to,
    String conversation,
    Kind kind,
    Instant deadline,
    List<Cause> causes,
    @Nullable String traceparent,
    JsonNode payload) {

  static AgentMessage of(Envelope envelope) {
    return new AgentMessage(
        envelope.id().value(),
        envelope.from().toString(),
        envelope.to().toString(),
        envelope.conversation(),
        envelope.kind(),
        Instant.ofEpochMilli(envelope.deadline()),
        envelope.causes(),
        envelope.traceparent(),
        Json.parse("payload", envelope.payload().text()));
  }

  /** How many agents have passed the work on before this message. */
  public int hops() {
    return causes.size();
  }

  /** The payload as text: the string itself, or the member {@code text}, or the JSON. */
  public String text() {
    return Payloads.text(payload);
  }
}
