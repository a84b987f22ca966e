package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Role;
import dev.parley.hub.gateway.Caller.Topic;
import dev.parley.hub.mailbox.Receipt;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Json;

/** Tells the people of a tenant what happens to it: each kind of event, and who gets it. */
public final class TenantEvents {
  private final TenantFeed feed;

  TenantEvents(TenantFeed feed) {
    this.feed = feed;
  }

  /** A channel was proposed, accepted or revoked; for those who may read channels. */
  public void channelChanged(TenantId tenant, RawJson payload) {
    feed.publishAnnounced(
        tenant, Permission.CHANNELS_READ, session -> true, "channel.changed", payload);
  }

  /** A message was not handled; for the owners of the tenant that has sent it. */
  public void deadLetter(TenantId tenant, RawJson letter) {
    feed.publishAnnounced(
        tenant,
        Permission.CALL,
        session -> session.principal().role() == Role.OWNER,
        "deadletter.arrived",
        letter);
  }

  /** The loop breaker stopped an agent of the tenant. */
  public void loopTripped(TenantId tenant, RawJson payload) {
    feed.publishAnnounced(
        tenant, Permission.CHANNELS_READ, session -> true, "loop.tripped", payload);
  }

  /** Something was said in a room; for people of the tenant who listen to it. */
  public void roomMessage(TenantId tenant, String room, RawJson message) {
    feed.publishAnnounced(
        tenant,
        Permission.ROOMS_READ,
        session -> session.principal().agent() == null && session.subscribed(Topic.ROOMS, room),
        "room.message",
        message);
  }

  /** What became of a message; for the connections of the key that sent it, on every node. */
  public void receipt(Receipt.Addressee addressee, ObjectNode receipt) {
    if (!feed.hasListeners(addressee.tenant())) {
      return;
    }
    feed.publish(
        addressee.tenant(),
        new Audience(Permission.CALL, Audience.Kind.KEY, addressee.keyId()),
        "message.receipt",
        Json.raw(receipt));
  }
}
