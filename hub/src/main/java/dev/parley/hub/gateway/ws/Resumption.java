package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.parley.hub.access.Principal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that lost their socket, kept for a while so that the same key can go on where it
 * was. What cannot be resumed starts anew, and the client is told so by {@code resumed}.
 */
final class Resumption {
  /** The log that a connection goes on with, and the events its client missed. */
  record Resumed(EventLog log, boolean successful, List<String> missed) {}

  private final WsSettings settings;
  private final TenantFeed feed;
  private final Cache<String, WsSession> lost;

  Resumption(WsSettings settings, TenantFeed feed) {
    this.settings = settings;
    this.feed = feed;
    this.lost =
        Caffeine.newBuilder()
            .maximumSize(settings.maxConnections())
            .expireAfterWrite(settings.resumeWindow())
            .executor(Runnable::run)
            .removalListener(
                (@Nullable String id, @Nullable WsSession session, RemovalCause cause) -> {
                  if (session != null) {
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

  Resumed resume(JsonNode asked, Principal principal) {
    if (asked.isObject()) {
      String connectionId = asked.path("connId").asText();
      WsSession found = lost.getIfPresent(connectionId);
      if (found != null && sameKey(found.principal(), principal)) {
        lost.invalidate(connectionId);
        feed.remove(found);
        long seq = asked.path("seq").asLong();
        synchronized (found.log()) {
          if (found.log().covers(seq)) {
            return new Resumed(found.log(), true, found.log().after(seq));
          }
        }
      }
    }
    return new Resumed(
        new EventLog(settings.resumeEvents(), settings.resumeBytes()), false, List.of());
  }

  private static boolean sameKey(Principal one, Principal other) {
    return one.tenant().equals(other.tenant()) && one.keyId().equals(other.keyId());
  }
}
