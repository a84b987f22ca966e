package dev.parley.hub.access;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The API keys of tenants and of the platform: several per tenant, so that rotation overlaps. Only
 * hashes are stored, under the tenant's key {@value #HASH}.
 */
public final class ApiKeys {
  /** The name of the hash that holds a tenant's keys, by key id. */
  public static final String HASH = "keys";

  /** The reserved tenant whose keys have platform roles. */
  public static final TenantId PLATFORM = new TenantId("platform");

  private final Store store;
  private final Announcements announcements;
  private final Clock clock;

  public ApiKeys(Store store, Announcements announcements, Clock clock) {
    this.store = store;
    this.announcements = announcements;
    this.clock = clock;
  }

  /**
   * Makes a key without storing it.
   *
   * @param ttlMs how long it is valid, 0 for no end
   * @throws ParleyException {@code invalid_request} when role, tenant and agent do not go together
   */
  public IssuedKey prepare(
      TenantId tenant, Role role, String name, @Nullable AgentId agent, long ttlMs) {
    if (role.isPlatform() != tenant.equals(PLATFORM)) {
      throw ParleyException.invalid(
          "role", "role %s is not for a key of tenant %s".formatted(role.wireName(), tenant));
    }
    if ((role == Role.AGENT) != (agent != null)) {
      throw ParleyException.invalid(
          "agent", "a key of role agent names its agent, and no other key does");
    }
    KeyText text = KeyText.random(tenant);
    long now = clock.millis();
    ApiKey key =
        new ApiKey(
            name,
            role.wireName(),
            agent == null ? null : agent.value(),
            text.hash(),
            now,
            ttlMs > 0 ? now + ttlMs : null,
            null);
    return new IssuedKey(text.id(), text.text(), Json.write(key), describe(text.id(), key));
  }

  /**
   * Stores a prepared key.
   *
   * @param limit how many valid keys the tenant may have
   * @return fails with {@code limit_exceeded}
   */
  public Future<IssuedKey> store(TenantId tenant, IssuedKey issued, long limit) {
    return rows(tenant)
        .compose(
            rows -> {
              long now = clock.millis();
              long valid = rows.values().stream().filter(key -> key.validAt(now)).count();
              if (valid >= limit) {
                return Future.failedFuture(
                    new ParleyException(
                            ErrorCode.LIMIT_EXCEEDED,
                            "tenant %s has %d valid keys and may have %d; revoke one first"
                                .formatted(tenant, valid, limit))
                        .with("limit", "keys")
                        .with("owner", "tenant " + tenant)
                        .with("used", valid)
                        .with("max", limit));
              }
              return store.hashSet(key(tenant), issued.id(), issued.row()).map(issued);
            });
  }

  /** The keys of a tenant, newest first, without secrets. */
  public Future<ArrayNode> list(TenantId tenant) {
    return rows(tenant)
        .map(
            rows -> {
              ArrayNode list = Json.mapper().createArrayNode();
              rows.entrySet().stream()
                  .sorted(
                      (a, b) -> Long.compare(b.getValue().createdAt(), a.getValue().createdAt()))
                  .forEach(entry -> list.add(describe(entry.getKey(), entry.getValue())));
              return list;
            });
  }

  /**
   * Makes a successor with the same role; the old key ends after {@code overlapMs}.
   *
   * @return the new key, and the old one as described
   */
  public Future<Map.Entry<IssuedKey, ObjectNode>> rotate(
      TenantId tenant, String id, long overlapMs) {
    return find(tenant, id)
        .compose(
            old -> {
              IssuedKey successor =
                  prepare(tenant, Role.of(old.role()), old.name(), old.agentId(), 0);
              ApiKey ending = old.expiringAt(clock.millis() + overlapMs);
              return store
                  .hashSet(key(tenant), successor.id(), successor.row())
                  .compose(done -> replace(tenant, id, ending))
                  .map(done -> Map.entry(successor, describe(id, ending)));
            });
  }

  /** Ends a key at once, on every node; its sockets close. */
  public Future<ObjectNode> revoke(TenantId tenant, String id) {
    return find(tenant, id)
        .compose(
            old -> {
              ApiKey revoked = old.revokedAt() == null ? old.revokedAt(clock.millis()) : old;
              return replace(tenant, id, revoked).map(describe(id, revoked));
            });
  }

  /** The valid key behind a presented text; null for every other, whatever the reason. */
  Future<@Nullable ApiKey> verify(KeyText presented) {
    return store
        .hashGet(key(presented.tenant()), presented.id())
        .map(
            row -> {
              if (row == null) {
                return null;
              }
              ApiKey key = Json.read(row, ApiKey.class);
              return presented.matches(key.hash()) && key.validAt(clock.millis()) ? key : null;
            });
  }

  /** Whether the key with this id is valid now. */
  Future<@Nullable ApiKey> valid(TenantId tenant, String id) {
    return store
        .hashGet(key(tenant), id)
        .map(
            row -> {
              ApiKey key = row == null ? null : Json.read(row, ApiKey.class);
              return key != null && key.validAt(clock.millis()) ? key : null;
            });
  }

  private Future<Void> replace(TenantId tenant, String id, ApiKey key) {
    return store
        .hashSet(key(tenant), id, Json.write(key))
        .compose(done -> announcements.announce(new Announcement.KeyChanged(tenant.value(), id)));
  }

  private Future<ApiKey> find(TenantId tenant, String id) {
    return store
        .hashGet(key(tenant), id)
        .map(
            row -> {
              if (row == null) {
                throw ParleyException.notFound("key");
              }
              return Json.read(row, ApiKey.class);
            });
  }

  private Future<Map<String, ApiKey>> rows(TenantId tenant) {
    return store
        .hashGetAll(key(tenant))
        .map(
            rows -> {
              Map<String, ApiKey> keys = new TreeMap<>();
              rows.forEach((id, row) -> keys.put(id, Json.read(row, ApiKey.class)));
              return keys;
            });
  }

  private static Key key(TenantId tenant) {
    return Keyspace.of(tenant).key(HASH);
  }

  private static ObjectNode describe(String id, ApiKey key) {
    ObjectNode json =
        Json.object()
            .put("id", id)
            .put("name", key.name())
            .put("role", key.role())
            .put("createdAt", key.createdAt());
    if (key.agent() != null) {
      json.put("agent", key.agent());
    }
    if (key.expiresAt() != null) {
      json.put("expiresAt", key.expiresAt());
    }
    if (key.revokedAt() != null) {
      json.put("revokedAt", key.revokedAt());
    }
    return json;
  }
}
