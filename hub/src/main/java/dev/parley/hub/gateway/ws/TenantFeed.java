package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Permission;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The sessions of each tenant on this node, and the only way an event reaches them: an event is
 * published to one tenant, and only sessions of that tenant can get it. A session that resumes
 * another has its log and takes its place, so that an event of that moment is neither lost nor sent
 * twice.
 */
final class TenantFeed {
  private final ConcurrentMap<TenantId, ConcurrentMap<EventLog, WsSession>> sessions =
      new ConcurrentHashMap<>();

  /** Adds a session, in place of the one that it resumes. */
  void add(WsSession session) {
    sessions.compute(
        session.principal().tenant(),
        (tenant, present) -> {
          ConcurrentMap<EventLog, WsSession> all =
              present == null ? new ConcurrentHashMap<>(2) : present;
          all.put(session.log(), session);
          return all;
        });
  }

  /** Removes a session, unless another has taken its place. */
  void remove(WsSession session) {
    sessions.computeIfPresent(
        session.principal().tenant(),
        (tenant, all) -> {
          all.remove(session.log(), session);
          return all.isEmpty() ? null : all;
        });
  }

  /** Sends an event to the tenant's people that may see it and that {@code wanted} picks. */
  void publish(
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

  boolean hasListeners(TenantId tenant) {
    return sessions.containsKey(tenant);
  }

  void forEach(TenantId tenant, Consumer<WsSession> action) {
    ConcurrentMap<EventLog, WsSession> all = sessions.get(tenant);
    if (all != null) {
      all.values().forEach(action);
    }
  }
}
