package dev.parley.hub.cluster;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** A change that other nodes must hear of. Ids are carried as text; receivers only invalidate. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Announcement.KeyChanged.class, name = "key"),
  @JsonSubTypes.Type(value = Announcement.TenantChanged.class, name = "tenant"),
  @JsonSubTypes.Type(value = Announcement.AgentChanged.class, name = "agent"),
  @JsonSubTypes.Type(value = Announcement.ChannelChanged.class, name = "channel"),
  @JsonSubTypes.Type(value = Announcement.ListingChanged.class, name = "listing"),
  @JsonSubTypes.Type(value = Announcement.PluginsChanged.class, name = "plugins"),
  @JsonSubTypes.Type(value = Announcement.DeadLetterArrived.class, name = "dead-letter"),
  @JsonSubTypes.Type(value = Announcement.RoomPosted.class, name = "room-post"),
  @JsonSubTypes.Type(value = Announcement.EdgeTripped.class, name = "edgeTripped"),
  @JsonSubTypes.Type(value = Announcement.EdgeReset.class, name = "edgeReset")
})
public sealed interface Announcement {
  /**
   * An API key was revoked or given an end.
   *
   * @param ended whether it is at its end now
   */
  record KeyChanged(String tenant, String keyId, boolean ended) implements Announcement {}

  /** A tenant was suspended or resumed, or its limits changed. */
  record TenantChanged(String tenant) implements Announcement {}

  /** An agent was created, changed or deleted. */
  record AgentChanged(String tenant, String agent) implements Announcement {}

  /** A channel between two tenants was proposed, accepted or revoked. */
  record ChannelChanged(String channelId, String fromTenant, String toTenant)
      implements Announcement {}

  /**
   * A message that a tenant had sent was not handled.
   *
   * @param letter what is known of it, as JSON
   */
  record DeadLetterArrived(String tenant, String letter) implements Announcement {}

  /**
   * Something was said in a room.
   *
   * @param tenants that are in it
   * @param message as JSON
   */
  record RoomPosted(String room, List<String> tenants, String message) implements Announcement {}

  /** An install of a listing began or ended, or the listing changed. */
  record ListingChanged(String tenant, String listing) implements Announcement {}

  /**
   * A tenant has enabled or disabled a plugin, or the platform's plugins have changed.
   *
   * @param tenant empty for the platform
   */
  record PluginsChanged(String tenant) implements Announcement {}

  /**
   * The loop breaker has stopped the messages of one agent to another.
   *
   * @param pauseMs for how long
   * @param trips how often in a row; people are told the first time
   */
  record EdgeTripped(
      String from, String to, String reason, String why, long trippedAt, long pauseMs, int trips)
      implements Announcement {}

  /** An owner lets the messages of one agent to another pass again. */
  record EdgeReset(String from, String to) implements Announcement {}
}
