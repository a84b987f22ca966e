package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Permission;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The sessions of each tenant on this node, and the only way an event reaches them: an event is
 * published to one tenant, and only sessions of that tenant can get it.
 */
final class TenantFeed {
  private final ConcurrentMap<TenantId, Set<WsSession>> sessions = new ConcurrentHashMap<>();

  void add(WsSession session) {
    sessions.compute(
        session.principal().tenant(),
        (tenant, present) -> {
          Set<WsSession> all = present == null ? ConcurrentHashMap.newKeySet(2) : present;
          all.add(session);
          return all;
        });
  }

  void remove(WsSession session) {
    sessions.computeIfPresent(
        session.principal().tenant(),
        (tenant, all) -> {
          all.remove(session);
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
    sessions.getOrDefault(tenant, Set.of()).forEach(action);
  }
}
