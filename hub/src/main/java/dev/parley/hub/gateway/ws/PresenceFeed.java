package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Tells the people of a tenant who of it is connected. Each change would go to every socket, which
 * is quadratic while many come and go: so a change is told at once when it has been quiet, and what
 * changes after that together, at most once in each {@link #PAUSE}. The last state always gets out.
 */
final class PresenceFeed {
  static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int MAX_ENTRIES = 100;

  private final Vertx vertx;
  private final TenantFeed feed;

  /** The tenants that were told not long ago, and whether something has changed since. */
  private final ConcurrentMap<TenantId, Boolean> pausing = new ConcurrentHashMap<>();

  PresenceFeed(Vertx vertx, TenantFeed feed) {
    this.vertx = vertx;
    this.feed = feed;
  }

  /** Who of the tenant is connected, in no order, at most {@value #MAX_ENTRIES}. */
  ArrayNode of(TenantId tenant) {
    ArrayNode present = Json.mapper().createArrayNode();
    feed.forEach(
        tenant,
        session -> {
          if (present.size() < MAX_ENTRIES && session.isConnected()) {
            present.add(Presence.entry(session));
          }
        });
    return present;
  }

  /** Somebody of the tenant has come or gone. */
  void changed(TenantId tenant) {
    if (pausing.merge(tenant, false, (before, now) -> true)) {
      return;
    }
    vertx.setTimer(PAUSE.toMillis(), after -> pauseEnded(tenant));
    publish(tenant);
  }

  private void pauseEnded(TenantId tenant) {
    Boolean again = pausing.computeIfPresent(tenant, (id, changed) -> changed ? false : null);
    if (again != null) {
      vertx.setTimer(PAUSE.toMillis(), after -> pauseEnded(tenant));
      publish(tenant);
    }
  }

  private void publish(TenantId tenant) {
    if (feed.hasListeners(tenant)) {
      ObjectNode payload = Json.object();
      payload.set("presence", of(tenant));
      feed.publish(tenant, Permission.TENANT_READ, session -> true, "presence", Json.raw(payload));
    }
  }
}
