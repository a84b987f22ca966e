package dev.parley.hub.market;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.channel.Channel;
import dev.parley.hub.channel.Offer;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/** A listing installed by a tenant: a view of the channel that this made. */
public record Install(Channel channel, Offer offer) {

  /** The view of a channel, or null when it does not come from the marketplace. */
  static @Nullable Install of(Channel channel) {
    Offer offer = channel.terms().offer();
    return offer == null ? null : new Install(channel, offer);
  }

  /** Epoch milliseconds, null while it is installed. */
  public @Nullable Long endedAt() {
    Channel.Revocation revocation = channel.revocation();
    return revocation == null ? null : revocation.at();
  }

  /** The install as {@code market.json} of the contract defines it. */
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("listing", offer.listing().toString()).put("channelId", channel.id());
    json.set("price", Json.toNode(offer.price()));
    json.put("version", offer.version()).put("installedAt", channel.terms().createdAt());
    Long endedAt = endedAt();
    if (endedAt != null) {
      json.put("endedAt", endedAt);
    }
    return json;
  }
}
