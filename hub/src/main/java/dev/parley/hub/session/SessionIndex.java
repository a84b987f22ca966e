package dev.parley.hub.session;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
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

/**
 * The session rows of each agent: a Redis hash {@code sessions:<agent>} of the tenant, from session
 * key to row as JSON.
 */
final class SessionIndex {
  private static final Script COMMIT = new Script("session-commit");
  private static final Script REMOVE = new Script("session-remove");

  private final Store store;
  private final Fencing fencing;
  private final int maxPerAgent;
  private final Clock clock;

  SessionIndex(Store store, Fencing fencing, int maxPerAgent, Clock clock) {
    this.store = store;
    this.fencing = fencing;
    this.maxPerAgent = maxPerAgent;
    this.clock = clock;
  }

  private static Key hash(TenantScope scope, AgentId agent) {
    return scope.key("sessions", agent.value());
  }

  /** A row, and the text of it in Redis, against which a change is committed. */
  record Stored(SessionRow row, String json) {}

  Future<@Nullable Stored> find(TenantScope scope, SessionKey key) {
    return store.hashGet(hash(scope, key.agent()), key.toString()).map(SessionIndex::parsed);
  }

  private static @Nullable Stored parsed(@Nullable String json) {
    return json == null ? null : new Stored(Json.read(json, SessionRow.class), json);
  }

  /** The row of a session, made when there is none; {@code limit_exceeded} at the bound. */
  Future<Stored> open(TenantScope scope, SessionKey key) {
    return find(scope, key)
        .compose(found -> found == null ? create(scope, key) : Future.succeededFuture(found));
  }

  private Future<Stored> create(TenantScope scope, SessionKey key) {
    Key hash = hash(scope, key.agent());
    SessionRow fresh = SessionRow.fresh(key, UUID.randomUUID().toString(), clock.millis());
    String json = Json.write(fresh);
    return store
        .hashSize(hash)
        .compose(
            size ->
                size >= maxPerAgent && !key.isMain()
                    ? Future.failedFuture(tooMany(key))
                    : store.hashSetIfAbsent(hash, key.toString(), json))
        .compose(made -> made ? Future.succeededFuture(new Stored(fresh, json)) : open(scope, key));
  }

  private ParleyException tooMany(SessionKey key) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "agent %s has %d sessions; delete some".formatted(key.agent(), maxPerAgent))
        .with("limit", maxPerAgent);
  }

  /**
   * Commits a change.
   *
   * @return false when the row is not the one read any more; fails with {@code unavailable} when
   *     the token is not the newest, or this node must not commit
   */
  Future<Boolean> commit(
      TenantScope scope, SessionKey key, FencingToken token, Stored read, SessionRow changed) {
    String agent = key.agent().value();
    try {
      fencing.requireMayCommit();
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    return store
        .run(
            COMMIT,
            List.of(hash(scope, key.agent()), Fencing.key(scope)),
            List.of(key.toString(), read.json, Json.write(changed), agent, token.holder()))
        .map(
            result -> {
              if (result.integer(0) < 0) {
                token.superseded();
                throw takenOver(key.agent());
              }
              return result.integer(0) == 1;
            });
  }

  private static ParleyException takenOver(AgentId agent) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "another node of the hub has taken agent %s over; nothing was changed, try again"
                .formatted(agent))
        .retryAfter(500);
  }

  /** The row of a session that is to be removed; fails while this node must not commit. */
  Future<@Nullable Stored> findToRemove(TenantScope scope, SessionKey key) {
    try {
      fencing.requireMayCommit();
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    return find(scope, key);
  }

  /** Removes a session; false when its row is not the one read any more. */
  Future<Boolean> remove(TenantScope scope, SessionKey key, Stored read) {
    return store
        .run(REMOVE, List.of(hash(scope, key.agent())), List.of(key.toString(), read.json))
        .map(result -> result.integer(0) == 1);
  }

  Future<List<SessionRow>> all(TenantScope scope, AgentId agent) {
    return store
        .hashGetAll(hash(scope, agent))
        .map(
            fields ->
                fields.values().stream().map(json -> Json.read(json, SessionRow.class)).toList());
  }
}
