package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

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

  private volatile @Nullable FeedRelay others;

  /** The tenants that were told not long ago, and whether something has changed since. */
  private final ConcurrentMap<TenantId, Boolean> pausing = new ConcurrentHashMap<>();

  PresenceFeed(Vertx vertx, TenantFeed feed) {
    this.vertx = vertx;
    this.feed = feed;
  }

  /** Says who is connected to other nodes; without it there is this node only. */
  void sharedThrough(FeedRelay relay) {
    others = relay;
  }

  /** Who of the tenant is connected to any node, in no order, at most {@value #MAX_ENTRIES}. */
  ArrayNode of(TenantId tenant) {
    ArrayNode present = here(tenant);
    FeedRelay relay = others;
    if (relay != null) {
      for (JsonNode entry : relay.present(tenant)) {
        if (present.size() < MAX_ENTRIES) {
          present.add(entry);
        }
      }
    }
    return present;
  }

  /** Who of the tenant is connected to this node, in no order, at most {@value #MAX_ENTRIES}. */
  ArrayNode here(TenantId tenant) {
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
    FeedRelay relay = others;
    if (relay != null) {
      relay.publishPresence(tenant);
    }
    publishHere(tenant);
  }

  /** Tells the people of the tenant on this node. */
  void publishHere(TenantId tenant) {
    if (feed.hasSessions(tenant)) {
      ObjectNode payload = Json.object();
      payload.set("presence", of(tenant));
      feed.publishHere(
          tenant, Audience.everybody(Permission.TENANT_READ), "presence", Json.raw(payload));
    }
  }
}
