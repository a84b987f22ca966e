package dev.parley.hub.gateway.ws;

import dev.parley.hub.access.Principal;
import dev.parley.hub.gateway.Caller.Topic;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.envelope.RawJson;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What a socket is after its handshake. It outlives its socket for the resume window, so that what
 * happens meanwhile is not lost.
 */
final class WsSession {
  private static final String EVERY = "";
  private static final int MAX_SUBSCRIPTIONS = 1_000;

  private final Principal principal;
  private final TenantScope scope;
  private final ClientIdentity client;
  private final EventLog log;
  private final WsCalls calls;
  private final @Nullable WsAgentLink link;
  private volatile @Nullable Map<Topic, Set<String>> subscriptions;
  private volatile long validUntil;

  /** What a client says of itself; shown to its own tenant and believed in nothing. */
  record ClientIdentity(
      String id,
      String mode,
      String version,
      String platform,
      String displayName,
      String instanceId,
      boolean toolEvents,
      long since) {}

  WsSession(
      Principal principal,
      TenantScope scope,
      ClientIdentity client,
      EventLog log,
      WsCalls calls,
      @Nullable WsAgentLink link) {
    this.principal = principal;
    this.scope = scope;
    this.client = client;
    this.log = log;
    this.calls = calls;
    this.link = link;
    this.validUntil = principal.validUntil();
  }

  Principal principal() {
    return principal;
  }

  TenantScope scope() {
    return scope;
  }

  ClientIdentity client() {
    return client;
  }

  EventLog log() {
    return log;
  }

  WsCalls calls() {
    return calls;
  }

  @Nullable WsAgentLink link() {
    return link;
  }

  /** When its key ends, in epoch milliseconds. */
  long validUntil() {
    return validUntil;
  }

  /** Whether the client has a socket at the moment. */
  boolean isConnected() {
    return log.isAttached();
  }

  /** Its key has been looked at again. */
  void confirmed(Principal now) {
    validUntil = now.validUntil();
  }

  /** Takes over what the client had subscribed to before it lost its socket. */
  void goOnFrom(WsSession before) {
    subscriptions = before.subscriptions;
  }

  /** Sends an event with the next number, and keeps it for a resume. */
  void sendEvent(String event, RawJson payload) {
    log.send(event, payload);
  }

  void subscribe(Topic topic, @Nullable String sessionKey) {
    Set<String> keys =
        ownSubscriptions().computeIfAbsent(topic, t -> ConcurrentHashMap.newKeySet());
    if (keys.size() < MAX_SUBSCRIPTIONS) {
      keys.add(sessionKey == null ? EVERY : sessionKey);
    }
  }

  /** Made when it is needed: most clients have none. */
  private synchronized Map<Topic, Set<String>> ownSubscriptions() {
    Map<Topic, Set<String>> present = subscriptions;
    if (present == null) {
      present = new ConcurrentHashMap<>(2);
      subscriptions = present;
    }
    return present;
  }

  void unsubscribe(Topic topic) {
    Map<Topic, Set<String>> present = subscriptions;
    if (present != null) {
      present.remove(topic);
    }
  }

  boolean subscribed(Topic topic, String sessionKey) {
    Map<Topic, Set<String>> present = subscriptions;
    Set<String> keys = present == null ? null : present.get(topic);
    return keys != null && (keys.contains(EVERY) || keys.contains(sessionKey));
  }
}
