package dev.parley.protocol.frame;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An envelope as JSON: {@code id, from, to, conversation, kind, hops, deadline, causes,
 * traceparent, payload}, the payload last and as it came.
 */
public final class EnvelopeCodec {
  private EnvelopeCodec() {}

  public static RawJson write(Envelope envelope) {
    String payload = envelope.payload().text();
    StringBuilder out = new StringBuilder(256 + payload.length());
    out.append("{\"id\":\"").append(envelope.id().value());
    out.append("\",\"from\":\"").append(envelope.from());
    out.append("\",\"to\":\"").append(envelope.to());
    out.append("\",\"conversation\":\"").append(envelope.conversation());
    out.append("\",\"kind\":\"").append(envelope.kind().wireName());
    out.append("\",\"hops\":").append(envelope.hops());
    out.append(",\"deadline\":").append(envelope.deadline());
    if (envelope.hops() > 0) {
      writeCauses(out, envelope.causes());
    }
    if (envelope.traceparent() != null) {
      out.append(",\"traceparent\":");
      FrameCodec.quote(out, envelope.traceparent());
    }
    return new RawJson(out.append(",\"payload\":").append(payload).append('}').toString());
  }

  private static void writeCauses(StringBuilder out, List<Cause> causes) {
    out.append(",\"causes\":[");
    for (int i = 0; i < causes.size(); i++) {
      Cause cause = causes.get(i);
      out.append(i == 0 ? "{\"message\":\"" : ",{\"message\":\"").append(cause.message().value());
      out.append("\",\"handler\":\"").append(cause.handler()).append("\"}");
    }
    out.append(']');
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code invalid_request}
   */
  public static Envelope read(JsonNode json) {
    List<Cause> causes = new ArrayList<>();
    for (JsonNode cause : json.path("causes")) {
      causes.add(
          new Cause(
              new MessageId(cause.path("message").asText()),
              AgentAddress.parse(cause.path("handler").asText())));
    }
    return new Envelope(
        new MessageId(json.path("id").asText()),
        Party.parse(json.path("from").asText()),
        AgentAddress.parse(json.path("to").asText()),
        json.path("conversation").asText(),
        causes,
        json.path("deadline").asLong(),
        json.hasNonNull("traceparent") ? json.get("traceparent").asText() : null,
        Kind.valueOf(json.path("kind").asText("call").toUpperCase(Locale.ROOT)),
        new RawJson(json.path("payload").toString()));
  }
}
