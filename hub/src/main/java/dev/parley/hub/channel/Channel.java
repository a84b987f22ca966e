package dev.parley.hub.channel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/**
 * A channel as it stood when it was read.
 *
 * @param terms what both sides sign
 * @param acceptedAt epoch milliseconds of the second signature, null without one
 * @param revocation who ended it, null when nobody has
 */
public record Channel(
    Terms terms, Status status, @Nullable Long acceptedAt, @Nullable Revocation revocation) {

  /**
   * The end of a channel by one side.
   *
   * @param at epoch milliseconds
   * @param reason for people
   */
  public record Revocation(long at, Party by, @Nullable String reason) {}

  public String id() {
    return terms.id();
  }

  public Party from() {
    return terms.from();
  }

  public AgentAddress to() {
    return terms.to();
  }

  public Payer payer() {
    return terms.payer();
  }

  public ChannelLimits limits() {
    return terms.limits();
  }

  /** The listing it was installed from, or null. */
  public @Nullable ListingId listing() {
    Offer offer = terms.offer();
    return offer == null ? null : offer.listing();
  }

  /** What a call through it costs, however the agent was addressed. */
  public Price price() {
    Offer offer = terms.offer();
    return offer == null ? Price.FREE : offer.price();
  }

  /** The tenant across, seen from one side. */
  public TenantId peerOf(TenantId side) {
    return terms.peerOf(side);
  }

  /** The channel as {@code channels.json} of the contract defines it. */
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("id", id()).put("from", from().toString()).put("to", to().toString());
    json.put("status", status.wireName()).put("payer", payer().wireName());
    json.put("createdAt", terms.createdAt()).put("proposedBy", terms.proposedBy().toString());
    if (terms.purpose() != null) {
      json.put("purpose", terms.purpose());
    }
    if (terms.expiresAt() != null) {
      json.put("expiresAt", terms.expiresAt());
    }
    if (acceptedAt != null) {
      json.put("acceptedAt", acceptedAt);
    }
    if (revocation != null) {
      json.put("revokedAt", revocation.at()).put("revokedBy", revocation.by().toString());
      if (revocation.reason() != null) {
        json.put("reason", revocation.reason());
      }
    }
    if (!limits().isNone()) {
      json.set("limits", Json.toNode(limits()));
    }
    ListingId listing = listing();
    if (listing != null) {
      json.put("listing", listing.toString());
    }
    return json;
  }
}
