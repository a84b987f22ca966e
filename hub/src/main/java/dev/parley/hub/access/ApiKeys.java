package dev.parley.hub.access;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API keys of tenants and of the platform: several per tenant, so that rotation overlaps. Only
 * hashes are stored, under the tenant's key {@value #HASH}.
 */
public final class ApiKeys {
  /** The name of the hash that holds a tenant's keys, by key id. */
  public static final String HASH = "keys";

  /** The reserved tenant whose keys have platform roles. */
  public static final TenantId PLATFORM = new TenantId("platform");

  private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
  private static final Script ADD = Script.replicated("key-add");
  private static final Script REVOKE = Script.replicated("key-revoke");
  private static final int ATTEMPTS = 5;

  /** No role of which a key must stay: it has a successor, or has ended and is written again. */
  private static final String ANY_MAY_END = "";

  /** How many keys that have ended are kept to be listed. */
  private static final int MOST_ENDED = 100;

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
            null,
            ttlMs > 0 ? ttlMs : null);
    return new IssuedKey(text.id(), text.text(), Json.write(key), describe(text.id(), key));
  }

  /**
   * Stores a prepared key.
   *
   * @param limit how many valid keys the tenant may have
   * @return fails with {@code limit_exceeded}
   */
  public Future<IssuedKey> store(TenantId tenant, IssuedKey issued, long limit) {
    return add(tenant, issued, limit, "", "", "").map(issued);
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
   * Makes a successor with the same role and lifetime; the old key ends after {@code overlapMs}. It
   * does so only when the successor is stored for good, so that a failure leaves the old key as it
   * was; and once it is, its secret is answered whatever becomes of the old key.
   *
   * @param maker who asks; must have all the rights of the key, as it gets to know the new one
   * @param limit how many valid keys the tenant may have, the old one among them while it lasts
   * @return the new key, and the old one as described: without an end when it could not be ended;
   *     fails with {@code not_found}, {@code forbidden} for a key that may do more than its maker,
   *     {@code conflict} for one that has ended, {@code limit_exceeded}
   */
  public Future<Map.Entry<IssuedKey, ObjectNode>> rotate(
      Principal maker, String id, long overlapMs, long limit) {
    return rotate(maker, id, overlapMs, limit, ATTEMPTS);
  }

  private Future<Map.Entry<IssuedKey, ObjectNode>> rotate(
      Principal maker, String id, long overlapMs, long limit, int attempts) {
    TenantId tenant = maker.tenant();
    return find(tenant, id)
        .compose(
            row -> {
              ApiKey old = Json.read(row, ApiKey.class);
              long now = clock.millis();
              if (!old.validAt(now)) {
                return Future.failedFuture(ended());
              }
              maker.requireAll(Role.of(old.role()));
              long ttlMs = old.ttlMs() == null ? 0 : old.ttlMs();
              IssuedKey successor =
                  prepare(tenant, Role.of(old.role()), old.name(), old.agentId(), ttlMs);
              ApiKey ending = old.expiringAt(now + overlapMs);
              return add(tenant, successor, limit, id, row, Json.write(ending))
                  .compose(
                      added -> {
                        if (!added) {
                          return attempts == 1
                              ? Future.failedFuture(contended())
                              : rotate(maker, id, overlapMs, limit, attempts - 1);
                        }
                        return letEnd(tenant, id, overlapMs, ATTEMPTS)
                            .otherwise(
                                failure -> {
                                  LOG.warn(
                                      "key {} of {} has a successor and was not ended: {}",
                                      id,
                                      tenant,
                                      failure.getMessage());
                                  return describe(id, old);
                                })
                            .map(previous -> Map.entry(successor, previous));
                      });
            });
  }

  private Future<ObjectNode> letEnd(TenantId tenant, String id, long overlapMs, int attempts) {
    return find(tenant, id)
        .compose(
            row -> {
              ApiKey old = Json.read(row, ApiKey.class);
              long now = clock.millis();
              if (!old.validAt(now)) {
                return Future.succeededFuture(describe(id, old));
              }
              ApiKey ending = old.expiringAt(now + overlapMs);
              return end(tenant, id, row, Json.write(ending), now, ANY_MAY_END)
                  .compose(
                      ended -> {
                        if (!ended) {
                          return attempts == 1
                              ? Future.failedFuture(contended())
                              : letEnd(tenant, id, overlapMs, attempts - 1);
                        }
                        return announce(tenant, id, overlapMs == 0).map(describe(id, ending));
                      });
            });
  }

  /**
   * Ends a key at once, on every node; its sockets close. A key that has ended stays as it is.
   *
   * @return the key as described; fails with {@code not_found}, and with {@code conflict} for the
   *     last key that can make others: the tenant would be locked out
   */
  public Future<ObjectNode> revoke(TenantId tenant, String id) {
    return revoke(tenant, id, ATTEMPTS);
  }

  private Future<ObjectNode> revoke(TenantId tenant, String id, int attempts) {
    return find(tenant, id)
        .compose(
            row -> {
              ApiKey old = Json.read(row, ApiKey.class);
              long now = clock.millis();
              if (!old.validAt(now)) {
                return end(tenant, id, row, row, now, ANY_MAY_END)
                    .compose(confirmed -> announce(tenant, id, true))
                    .map(describe(id, old));
              }
              ApiKey revoked = old.revokedAt(now);
              return end(tenant, id, row, Json.write(revoked), now, maker(tenant))
                  .compose(
                      ended -> {
                        if (!ended) {
                          return attempts == 1
                              ? Future.failedFuture(contended())
                              : revoke(tenant, id, attempts - 1);
                        }
                        return announce(tenant, id, true).map(describe(id, revoked));
                      });
            });
  }

  private static String maker(TenantId tenant) {
    return (tenant.equals(PLATFORM) ? Role.ADMIN : Role.OWNER).wireName();
  }

  /**
   * Whether the key was ended; it is not when it has changed.
   *
   * @param maker the role of which one key must stay
   */
  private Future<Boolean> end(
      TenantId tenant, String id, String row, String newRow, long now, String maker) {
    return store
        .run(REVOKE, List.of(key(tenant)), List.of(id, row, newRow, Long.toString(now), maker))
        .map(
            result -> {
              if (result.integer(0) < 0) {
                throw lastOf(tenant, maker);
              }
              return result.integer(0) == 1;
            });
  }

  /**
   * Ends the keys that are for this agent; answers how many. Those that were revoked before are
   * confirmed once more: the first time may have failed for want of replicas.
   */
  public Future<Integer> revokeOf(TenantId tenant, AgentId agent) {
    return rows(tenant)
        .compose(
            rows -> {
              long now = clock.millis();
              Map<String, ApiKey> own = new TreeMap<>(rows);
              own.values().removeIf(key -> !agent.equals(key.agentId()));
              int valid = (int) own.values().stream().filter(key -> key.validAt(now)).count();
              own.values().removeIf(key -> !key.validAt(now) && key.revokedAt() == null);
              return Future.all(own.keySet().stream().map(id -> revoke(tenant, id)).toList())
                  .map(done -> valid);
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

  /**
   * Whether the key was added; it is not when the one it succeeds has changed. One that may have
   * been added and nobody will ever hold is taken back, lest it count.
   */
  private Future<Boolean> add(
      TenantId tenant, IssuedKey key, long limit, String oldId, String oldRow, String newRow) {
    return store
        .run(
            ADD,
            List.of(key(tenant)),
            List.of(
                key.id(),
                key.row(),
                Long.toString(clock.millis()),
                Long.toString(limit),
                Integer.toString(MOST_ENDED),
                oldId,
                oldRow,
                newRow))
        .recover(
            unsure ->
                store
                    .hashDelete(key(tenant), key.id())
                    .transform(gone -> Future.failedFuture(unsure)))
        .map(
            result -> {
              if (result.integer(0) < 0) {
                throw atLimit(tenant, result.integer(1), limit);
              }
              return result.integer(0) == 1;
            });
  }

  private Future<Void> announce(TenantId tenant, String id, boolean ended) {
    return announcements.announce(new Announcement.KeyChanged(tenant.value(), id, ended));
  }

  private Future<String> find(TenantId tenant, String id) {
    return store
        .hashGet(key(tenant), id)
        .map(
            row -> {
              if (row == null) {
                throw ParleyException.notFound("key");
              }
              return row;
            });
  }

  private static ParleyException ended() {
    return new ParleyException(
        ErrorCode.CONFLICT, "the key has ended already; make a new one with: parley keys create");
  }

  private static ParleyException lastOf(TenantId tenant, String maker) {
    return new ParleyException(
            ErrorCode.CONFLICT,
            "this is the last %1$s key of %2$s that lasts, without it nobody can make keys;"
                    .formatted(maker, tenant)
                + " rotate it (parley keys rotate), or make another first (parley keys create --role %s)"
                    .formatted(maker))
        .with("reason", "last-key")
        .with("role", maker);
  }

  private static ParleyException contended() {
    return new ParleyException(ErrorCode.UNAVAILABLE, "the key keeps changing; try again")
        .retryAfter(100);
  }

  private static ParleyException atLimit(TenantId tenant, long valid, long limit) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s has %d valid keys and may have %d; revoke one first"
                .formatted(tenant, valid, limit))
        .with("limit", "keys")
        .with("owner", "tenant " + tenant)
        .with("used", valid)
        .with("max", limit);
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
