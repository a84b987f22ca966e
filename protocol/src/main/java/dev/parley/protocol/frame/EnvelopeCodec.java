package dev.parley.protocol.frame;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An envelope as JSON: {@code id, from, to, conversation, kind, hops, deadline, causes,
 * traceparent, rights, payload}, the payload last and as it came.
 */
public final class EnvelopeCodec {
  private EnvelopeCodec() {}

  /** Room for all members but the payload and the causes. */
  private static final int HEAD_LENGTH = 384;

  private static final long NO_CREDIT = -1;

  public static RawJson write(Envelope envelope) {
    StringBuilder out = new StringBuilder(HEAD_LENGTH + envelope.payload().text().length());
    append(out, envelope, NO_CREDIT);
    return new RawJson(out.toString());
  }

  /** A request with the envelope as its params. */
  public static String request(String id, String method, Envelope envelope) {
    return request(id, method, envelope, NO_CREDIT);
  }

  /**
   * A request with the envelope as its params, and beside it the credit of a stream.
   *
   * @param credit how many chunks the caller takes; negative when it takes any number
   */
  public static String request(String id, String method, Envelope envelope, long credit) {
    StringBuilder out =
        FrameCodec.openRequest(id, method, HEAD_LENGTH + envelope.payload().text().length());
    append(out, envelope, credit);
    return FrameCodec.close(out);
  }

  private static void append(StringBuilder out, Envelope envelope, long credit) {
    out.append("{\"id\":\"").append(envelope.id().value());
    out.append("\",\"from\":\"").append(envelope.from().tenant().value());
    if (envelope.from().agent() != null) {
      out.append('/').append(envelope.from().agent().value());
    }
    out.append("\",\"to\":\"").append(envelope.to().tenant().value());
    out.append('/').append(envelope.to().agent().value());
    out.append("\",\"conversation\":\"").append(envelope.conversation());
    out.append("\",\"kind\":\"").append(envelope.kind().wireName());
    out.append("\",\"hops\":").append(envelope.hops());
    out.append(",\"deadline\":").append(envelope.deadline());
    if (credit >= 0) {
      out.append(",\"credit\":").append(credit);
    }
    if (envelope.hops() > 0) {
      writeCauses(out, envelope.causes());
    }
    if (envelope.traceparent() != null) {
      out.append(",\"traceparent\":");
      FrameCodec.quote(out, envelope.traceparent());
    }
    if (envelope.rights() != null) {
      writeRights(out, envelope.rights());
    }
    out.append(",\"payload\":").append(envelope.payload().text()).append('}');
  }

  private static void writeCauses(StringBuilder out, List<Cause> causes) {
    out.append(",\"causes\":[");
    for (int i = 0; i < causes.size(); i++) {
      Cause cause = causes.get(i);
      out.append(i == 0 ? "{\"message\":\"" : ",{\"message\":\"").append(cause.message().value());
      out.append("\",\"handler\":\"").append(cause.handler());
      out.append(cause.sent() ? "\",\"sent\":true}" : "\"}");
    }
    out.append(']');
  }

  private static void writeRights(StringBuilder out, List<String> rights) {
    out.append(",\"rights\":[");
    for (int i = 0; i < rights.size(); i++) {
      out.append(i == 0 ? "" : ",");
      FrameCodec.quote(out, rights.get(i));
    }
    out.append(']');
  }

  /**
   * Reads what {@link #write} wrote; the payload is the text that came.
   *
   * @throws ParleyException {@code invalid_request} with {@code details.field}
   */
  public static Envelope read(RawJson envelope) {
    Map<String, RawJson> members = FrameCodec.members(envelope);
    RawJson payload = members.getOrDefault("payload", RawJson.NULL);
    return new Envelope(
        new MessageId(string(members, "id")),
        Party.parse(string(members, "from")),
        AgentAddress.parse(string(members, "to")),
        string(members, "conversation"),
        causes(parse(members, "causes")),
        deadline(parse(members, "deadline")),
        members.containsKey("traceparent") ? string(members, "traceparent") : null,
        Kind.of(string(members, "kind")),
        members.containsKey("rights") ? rights(parse(members, "rights")) : null,
        payload);
  }

  private static List<Cause> causes(JsonNode json) {
    List<Cause> causes = new ArrayList<>();
    for (JsonNode cause : json) {
      causes.add(
          new Cause(
              new MessageId(text(cause.path("message"), "causes")),
              AgentAddress.parse(text(cause.path("handler"), "causes")),
              cause.path("sent").asBoolean()));
    }
    return causes;
  }

  private static List<String> rights(JsonNode json) {
    if (!json.isArray()) {
      throw ParleyException.invalid("rights", "rights must be an array of permissions");
    }
    List<String> rights = new ArrayList<>();
    for (JsonNode right : json) {
      rights.add(text(right, "rights"));
    }
    return rights;
  }

  private static long deadline(JsonNode json) {
    if (!json.isIntegralNumber() || !json.canConvertToLong()) {
      throw ParleyException.invalid("deadline", "deadline must be epoch milliseconds");
    }
    return json.longValue();
  }

  private static String string(Map<String, RawJson> members, String field) {
    return text(parse(members, field), field);
  }

  private static String text(JsonNode json, String field) {
    if (!json.isTextual()) {
      throw ParleyException.invalid(field, field + " must be a string");
    }
    return json.textValue();
  }

  private static JsonNode parse(Map<String, RawJson> members, String field) {
    RawJson member = members.get(field);
    return member == null ? MissingNode.getInstance() : Json.parse(field, member.text());
  }
}
