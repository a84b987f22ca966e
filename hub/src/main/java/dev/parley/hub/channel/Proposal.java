package dev.parley.hub.channel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/**
 * What one side proposes to the other.
 *
 * @param from who may call
 * @param to the agent that may be called
 * @param purpose for people: up to {@value #MAX_PURPOSE} characters on one line
 * @param payer who pays for the called agent's tokens
 * @param expiresInS seconds from now, 1 to {@value #MAX_EXPIRY_S}; null for no end
 */
public record Proposal(
    Party from,
    AgentAddress to,
    @Nullable String purpose,
    Payer payer,
    ChannelLimits limits,
    @Nullable Long expiresInS) {
  static final int MAX_PURPOSE = 500;
  static final long MAX_EXPIRY_S = 315_360_000L;

  /**
   * Validates the proposal.
   *
   * @throws ParleyException {@code invalid_request} with {@code details.field}
   */
  public Proposal {
    if (from.tenant().equals(to.tenant())) {
      throw ParleyException.invalid(
          "to", "%s and %s are of one tenant and need no channel".formatted(from, to));
    }
    if (purpose != null) {
      Line.require("purpose", purpose, MAX_PURPOSE);
    }
    if (expiresInS != null && (expiresInS < 1 || expiresInS > MAX_EXPIRY_S)) {
      throw ParleyException.invalid(
          "expiresInS", "expiresInS must be 1 to %d, got %d".formatted(MAX_EXPIRY_S, expiresInS));
    }
  }

  /** A proposal without limits and end, whose caller pays. */
  public static Proposal of(Party from, AgentAddress to) {
    return new Proposal(from, to, null, Payer.FROM, ChannelLimits.NONE, null);
  }

  /**
   * Reads the params of {@code channel.propose}, validated against their schema.
   *
   * @throws ParleyException {@code invalid_request} with {@code details.field}
   */
  public static Proposal parse(ObjectNode params) {
    return new Proposal(
        ParleyException.inField("from", () -> Party.parse(params.path("from").asText())),
        ParleyException.inField("to", () -> AgentAddress.parse(params.path("to").asText())),
        params.hasNonNull("purpose") ? params.get("purpose").asText() : null,
        params.hasNonNull("payer") ? Payer.of(params.get("payer").asText()) : Payer.FROM,
        params.hasNonNull("limits")
            ? Json.read(params.get("limits"), ChannelLimits.class)
            : ChannelLimits.NONE,
        params.hasNonNull("expiresInS") ? params.get("expiresInS").asLong() : null);
  }
}
