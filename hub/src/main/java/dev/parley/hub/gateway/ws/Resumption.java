package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.parley.hub.access.Principal;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that lost their socket, kept for a while so that the same key can go on where it
 * was. What cannot be resumed starts anew, and the client is told so by {@code resumed}. A session
 * stays among those who get events until its successor takes its place.
 */
final class Resumption {
  /**
   * What a connection goes on with.
   *
   * @param before the session that is resumed, or null
   * @param seq the last event that the client has seen
   */
  record Resumed(EventLog log, @Nullable WsSession before, long seq) {
    boolean successful() {
      return before != null;
    }
  }

  /** Makes a socket that is still open give up its session. */
  interface Eviction {
    void evict(String connectionId, Predicate<WsSession> allowed);
  }

  private final WsSettings settings;
  private final TenantFeed feed;
  private final Eviction eviction;
  private final Cache<String, WsSession> lost;

  Resumption(WsSettings settings, TenantFeed feed, Eviction eviction) {
    this.settings = settings;
    this.feed = feed;
    this.eviction = eviction;
    this.lost =
        Caffeine.newBuilder()
            .maximumSize(settings.maxConnections())
            .expireAfterWrite(settings.resumeWindow())
            .executor(Runnable::run)
            .removalListener(
                (@Nullable String id, @Nullable WsSession session, RemovalCause cause) -> {
                  if (session != null && cause.wasEvicted()) {
                    feed.remove(session);
                  }
                })
            .build();
  }

  /** Keeps the session of a socket that closed. */
  void keep(String connectionId, WsSession session) {
    lost.put(connectionId, session);
  }

  /** Lets go of the sessions whose window has passed. */
  void sweep() {
    lost.cleanUp();
  }

  /** A new count of events, of which none is kept. */
  Resumed never() {
    return new Resumed(new EventLog(0, 0), null, 0);
  }

  /** A new count of events. */
  private Resumed anew() {
    return new Resumed(new EventLog(settings.resumeEvents(), settings.resumeBytes()), null, 0);
  }

  /**
   * The session that the client asks for, when there is one of its key; else a new one. The client
   * may know before the hub that its old socket is dead, so the session is taken from that.
   */
  Resumed resume(JsonNode asked, Principal principal) {
    String connectionId = asked.path("connId").asText();
    eviction.evict(connectionId, session -> sameKey(session.principal(), principal));
    WsSession found = lost.getIfPresent(connectionId);
    if (found == null
        || !sameKey(found.principal(), principal)
        || !lost.asMap().remove(connectionId, found)) {
      return anew();
    }
    long seq = asked.path("seq").asLong();
    if (found.log().covers(seq)) {
      return new Resumed(found.log(), found, seq);
    }
    feed.remove(found);
    return anew();
  }

  private static boolean sameKey(Principal one, Principal other) {
    return one.tenant().equals(other.tenant()) && one.keyId().equals(other.keyId());
  }
}
