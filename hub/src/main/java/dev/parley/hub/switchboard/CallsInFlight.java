package dev.parley.hub.switchboard;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.channel.Status;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;

/**
 * The calls that were admitted on this node and have not ended. What let them in may end before
 * they do: a channel, a key, an agent or a tenant. Then they are cancelled here.
 */
final class CallsInFlight {
  private record CallId(TenantId caller, MessageId message) {}

  private final ConcurrentMap<CallId, Delivery> calls = new ConcurrentHashMap<>();
  private final int max;
  private final Tenants tenants;
  private final Channels channels;
  private final AgentDirectory directory;

  CallsInFlight(int max, Tenants tenants, Channels channels, AgentDirectory directory) {
    this.max = max;
    this.tenants = tenants;
    this.channels = channels;
    this.directory = directory;
  }

  /** Hears of what ends; after announcements were missed, all channels are asked anew. */
  void follow(Announcements announcements) {
    announcements.listen(
        this::onAnnouncement, () -> recheck(delivery -> delivery.permit() != null));
  }

  int size() {
    return calls.size();
  }

  /** How many go through this channel. */
  int through(String channelId) {
    int count = 0;
    for (Delivery delivery : calls.values()) {
      if (delivery.permit() != null && delivery.permit().channel().id().equals(channelId)) {
        count++;
      }
    }
    return count;
  }

  /**
   * Adds a call.
   *
   * @throws ParleyException {@code unavailable} when there are as many as this node takes, {@code
   *     conflict} when the caller has one of this id under way
   */
  void add(Delivery delivery) {
    if (calls.size() >= max) {
      throw new ParleyException(
              ErrorCode.UNAVAILABLE, "this hub has as many calls in flight as it takes")
          .retryAfter(200);
    }
    if (calls.putIfAbsent(idOf(delivery), delivery) != null) {
      throw new ParleyException(
              ErrorCode.CONFLICT,
              "a message with the id " + delivery.envelope().id() + " is in flight")
          .with("field", "messageId");
    }
  }

  void remove(Delivery delivery) {
    calls.remove(idOf(delivery), delivery);
  }

  private static CallId idOf(Delivery delivery) {
    return new CallId(delivery.envelope().from().tenant(), delivery.envelope().id());
  }

  private void onAnnouncement(Announcement change) {
    if (change instanceof Announcement.ChannelChanged channel) {
      recheck(
          delivery ->
              delivery.permit() != null
                  && delivery.permit().channel().id().equals(channel.channelId()));
    } else if (change instanceof Announcement.KeyChanged key && key.ended()) {
      cancelAll(
          delivery ->
              delivery.caller().keyId().equals(key.keyId())
                  && delivery.caller().tenant().value().equals(key.tenant()),
          "its API key was revoked");
    } else if (change instanceof Announcement.AgentChanged changed) {
      onAgentChanged(
          new AgentAddress(new TenantId(changed.tenant()), new AgentId(changed.agent())));
    } else if (change instanceof Announcement.TenantChanged changed) {
      TenantId id = new TenantId(changed.tenant());
      tenants
          .get(id)
          .onSuccess(
              tenant -> {
                if (!tenant.active()) {
                  cancelAll(delivery -> touches(delivery, id), "tenant " + id + " was suspended");
                }
              });
    }
  }

  private void onAgentChanged(AgentAddress agent) {
    Predicate<Delivery> concerned =
        delivery ->
            delivery.envelope().to().equals(agent)
                || delivery.envelope().from().equals(Party.of(agent));
    if (calls.values().stream().anyMatch(concerned)) {
      directory
          .exists(agent)
          .onSuccess(
              there -> {
                if (!there) {
                  cancelAll(concerned, "agent " + agent + " was deleted");
                }
              });
    }
  }

  private static boolean touches(Delivery delivery, TenantId tenant) {
    return delivery.envelope().from().tenant().equals(tenant)
        || delivery.envelope().to().tenant().equals(tenant);
  }

  /** Asks the channels anew whether these deliveries may go on, and cancels those that may not. */
  private void recheck(Predicate<Delivery> affected) {
    for (Delivery delivery : calls.values()) {
      if (affected.test(delivery)) {
        recheck(delivery);
      }
    }
  }

  /** A delivery goes on only by the channel it was admitted on: another may have other terms. */
  void recheck(Delivery delivery) {
    Permit admittedOn = delivery.permit();
    if (admittedOn == null) {
      return;
    }
    channels
        .get(
            HubPrincipals.bookkeeper(delivery.envelope().from().tenant()),
            admittedOn.channel().id())
        .onSuccess(
            channel -> {
              if (channel.status() != Status.ACTIVE) {
                delivery.cancel(
                    Delivery.cancelled(
                        channel.status() == Status.EXPIRED
                            ? "its channel expired"
                            : "its channel was revoked"));
              }
            })
        .onFailure(
            failure -> {
              if (failure instanceof ParleyException e && e.code() == ErrorCode.NOT_FOUND) {
                delivery.cancel(Delivery.cancelled("its channel is gone"));
              }
            });
  }

  private void cancelAll(Predicate<Delivery> affected, String why) {
    for (Delivery delivery : calls.values()) {
      if (affected.test(delivery)) {
        delivery.cancel(Delivery.cancelled(why));
      }
    }
  }
}
