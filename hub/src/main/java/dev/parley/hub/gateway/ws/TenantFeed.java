package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Permission;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of each tenant, and the only way an event reaches them: an event is published to one
 * tenant, and only sessions of that tenant can get it. A session that resumes another has its log
 * and takes its place, so that an event of that moment is neither lost nor sent twice.
 */
final class TenantFeed {
  private final ConcurrentMap<TenantId, ConcurrentMap<EventLog, WsSession>> sessions =
      new ConcurrentHashMap<>();
  private volatile @Nullable FeedRelay others;

  /** Says how events reach the sessions on other nodes; without it there is this node only. */
  void sharedThrough(FeedRelay relay) {
    others = relay;
  }

  /** Adds a session, in place of the one that it resumes. */
  void add(WsSession session) {
    sessions.compute(
        session.principal().tenant(),
        (tenant, present) -> {
          ConcurrentMap<EventLog, WsSession> all =
              present == null ? new ConcurrentHashMap<>(2) : present;
          all.put(session.log(), session);
          if (present == null) {
            tellOthers(tenant, true);
          }
          return all;
        });
  }

  /** Removes a session, unless another has taken its place. */
  void remove(WsSession session) {
    sessions.computeIfPresent(
        session.principal().tenant(),
        (tenant, all) -> {
          all.remove(session.log(), session);
          if (!all.isEmpty()) {
            return all;
          }
          tellOthers(tenant, false);
          return null;
        });
  }

  /** As part of the change, so that the others hear of changes in their order. */
  private void tellOthers(TenantId tenant, boolean here) {
    FeedRelay relay = others;
    if (relay != null) {
      relay.changed(tenant, here);
    }
  }

  /** Does this unless the tenant has no session here, and before the last of them can go. */
  void whileHere(TenantId tenant, Runnable action) {
    sessions.computeIfPresent(
        tenant,
        (same, all) -> {
          action.run();
          return all;
        });
  }

  /**
   * Sends an event to the tenant's people on this node that may see it. For what every node is told
   * by an announcement, and tells its own.
   */
  void publishAnnounced(
      TenantId tenant,
      Permission needed,
      Predicate<WsSession> wanted,
      String event,
      RawJson payload) {
    forEach(
        tenant,
        session -> {
          if (session.link() == null && session.principal().may(needed) && wanted.test(session)) {
            session.sendEvent(event, payload);
          }
        });
  }

  /** Sends an event to an audience on every node. */
  void publish(TenantId tenant, Audience audience, String event, RawJson payload) {
    publishHere(tenant, audience, event, payload);
    FeedRelay relay = others;
    if (relay != null) {
      relay.publish(tenant, audience, event, payload);
    }
  }

  /** Sends an event to the part of an audience that is on this node. */
  void publishHere(TenantId tenant, Audience audience, String event, RawJson payload) {
    forEach(
        tenant,
        session -> {
          if (audience.includes(session)) {
            session.sendEvent(event, payload);
          }
        });
  }

  /** Whether the tenant has sessions on any node. */
  boolean hasListeners(TenantId tenant) {
    FeedRelay relay = others;
    return hasSessions(tenant) || (relay != null && relay.isInterested(tenant));
  }

  /** Whether the tenant has sessions on this node. */
  boolean hasSessions(TenantId tenant) {
    return sessions.containsKey(tenant);
  }

  /** The tenants that have sessions on this node. */
  Set<TenantId> tenants() {
    return Set.copyOf(sessions.keySet());
  }

  void forEach(TenantId tenant, Consumer<WsSession> action) {
    ConcurrentMap<EventLog, WsSession> all = sessions.get(tenant);
    if (all != null) {
      all.values().forEach(action);
    }
  }
}
