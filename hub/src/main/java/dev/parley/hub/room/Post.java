package dev.parley.hub.room;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What somebody says to many.
 *
 * @param from the own agent a person speaks as, or null
 * @param mentions agents that get it however they listen
 * @param cause what is being handled that led to it, or null
 */
public record Post(
    Principal caller,
    @Nullable AgentId from,
    JsonNode payload,
    List<AgentAddress> mentions,
    List<String> tags,
    MessageId id,
    @Nullable CallCause cause,
    @Nullable String traceparent) {

  /**
   * Reads it from params that are valid by the contract.
   *
   * @throws ParleyException {@code invalid_request}; {@code forbidden} when an agent speaks as
   *     another
   */
  public static Post parse(
      Principal caller,
      ObjectNode params,
      @Nullable CallCause cause,
      @Nullable String traceparent) {
    String from = params.path("from").textValue();
    String id = params.path("messageId").textValue();
    AgentId as = from == null ? null : ParleyException.inField("from", () -> new AgentId(from));
    if (as != null && caller.agent() != null && !caller.agent().equals(as)) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "this connection is the agent %s and cannot post as %s".formatted(caller.agent(), as))
          .with("field", "from");
    }
    return new Post(
        caller,
        as,
        params.path("payload"),
        ParleyException.inField(
            "mentions",
            () -> Listen.texts(params.path("mentions")).stream().map(AgentAddress::parse).toList()),
        Listen.texts(params.path("tags")),
        id == null ? MessageId.next() : new MessageId(id),
        cause,
        traceparent);
  }

  Party party() {
    return from == null ? caller.party() : Party.of(new AgentAddress(caller.tenant(), from));
  }

  String mentioned() {
    return mentions.stream().map(AgentAddress::toString).collect(Collectors.joining(" "));
  }

  String tagged() {
    return String.join(" ", tags);
  }

  /** The same whenever the same is said again. */
  String fingerprint() {
    return Fanout.digest(
        party() + "\n" + mentioned() + "\n" + tagged() + "\n" + Json.write(payload));
  }

  /** Fails with {@code payload_too_large}. */
  void requireAtMost(int bytes) {
    int size = Json.write(payload).getBytes(StandardCharsets.UTF_8).length;
    if (size > bytes) {
      throw new ParleyException(
              ErrorCode.PAYLOAD_TOO_LARGE,
              "the payload has %d bytes; what goes to many may have %d".formatted(size, bytes))
          .with("field", "payload")
          .with("limit", bytes)
          .with("size", size);
    }
  }

  /** As it is kept and read, but for its offset. */
  ObjectNode toJson() {
    ObjectNode json = Json.object().put("messageId", id.value()).put("from", party().toString());
    if (!mentions.isEmpty()) {
      mentions.forEach(agent -> json.withArray("mentions").add(agent.toString()));
    }
    if (!tags.isEmpty()) {
      tags.forEach(json.withArray("tags")::add);
    }
    json.set("payload", payload.isMissingNode() ? json.nullNode() : payload);
    return json;
  }

  /** What agents get: as it is kept, with a text where hosted agents look for one. */
  static ObjectNode forAgents(ObjectNode message) {
    JsonNode payload = message.path("payload");
    JsonNode text = payload.isTextual() ? payload : payload.path("text");
    return text.isTextual() ? message.put("text", text.textValue()) : message;
  }
}
