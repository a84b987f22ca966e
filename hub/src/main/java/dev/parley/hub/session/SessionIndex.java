package dev.parley.hub.session;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session rows of each agent: a Redis hash {@code sessions:<agent>} of the tenant, from session
 * key to row as JSON.
 */
final class SessionIndex {
  private static final Logger LOG = LoggerFactory.getLogger(SessionIndex.class);

  private final Store store;
  private final int maxPerAgent;
  private final Clock clock;

  SessionIndex(Store store, int maxPerAgent, Clock clock) {
    this.store = store;
    this.maxPerAgent = maxPerAgent;
    this.clock = clock;
  }

  private static Key hash(TenantScope scope, AgentId agent) {
    return scope.key("sessions", agent.value());
  }

  Future<@Nullable SessionRow> find(TenantScope scope, SessionKey key) {
    return store.hashGet(hash(scope, key.agent()), key.toString()).map(SessionIndex::parsed);
  }

  private static @Nullable SessionRow parsed(@Nullable String json) {
    return json == null ? null : Json.read(json, SessionRow.class);
  }

  /** The row of a session, made when there is none; {@code limit_exceeded} at the bound. */
  Future<SessionRow> open(TenantScope scope, SessionKey key) {
    return find(scope, key)
        .compose(found -> found == null ? create(scope, key) : Future.succeededFuture(found));
  }

  private Future<SessionRow> create(TenantScope scope, SessionKey key) {
    Key hash = hash(scope, key.agent());
    SessionRow fresh = SessionRow.fresh(key, UUID.randomUUID().toString(), clock.millis());
    return store
        .hashSize(hash)
        .compose(
            size ->
                size >= maxPerAgent && !key.isMain()
                    ? Future.failedFuture(tooMany(key))
                    : store.hashSetIfAbsent(hash, key.toString(), Json.write(fresh)))
        .compose(made -> made ? Future.succeededFuture(fresh) : open(scope, key));
  }

  private ParleyException tooMany(SessionKey key) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "agent %s has %d sessions; delete some".formatted(key.agent(), maxPerAgent))
        .with("limit", maxPerAgent);
  }

  Future<SessionRow> put(TenantScope scope, SessionKey key, SessionRow row) {
    return store
        .hashSet(hash(scope, key.agent()), key.toString(), Json.write(row))
        .map(done -> row);
  }

  /**
   * Notes what has happened already: when that fails, the answer is the row all the same, and the
   * next row of the session brings the counts up to date.
   */
  Future<SessionRow> note(TenantScope scope, SessionKey key, SessionRow row) {
    return put(scope, key, row)
        .otherwise(
            failure -> {
              LOG.warn("session {} of {} not noted", row.sessionId(), scope.tenant(), failure);
              return row;
            });
  }

  Future<Boolean> remove(TenantScope scope, SessionKey key) {
    return store.hashDelete(hash(scope, key.agent()), key.toString());
  }

  Future<List<SessionRow>> all(TenantScope scope, AgentId agent) {
    return store
        .hashGetAll(hash(scope, agent))
        .map(
            fields ->
                fields.values().stream().map(json -> Json.read(json, SessionRow.class)).toList());
  }
}
