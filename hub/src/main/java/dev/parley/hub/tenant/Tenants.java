package dev.parley.hub.tenant;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.access.Authenticator;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.cluster.NodeCache;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The tenants of the hub. The state of a tenant that is in use is cached on every node, bounded,
 * and dropped when an announcement says that it changed.
 */
public final class Tenants implements Authenticator.TenantGate {
  private static final Script SIGN_UP = new Script("tenant-sign-up");
  private static final Set<String> RESERVED =
      Set.of(
          "platform",
          "market",
          "admin",
          "system",
          "parley",
          "hub",
          "api",
          "www",
          "global",
          "unknown");
  private static final Key ALL = Keyspace.platform().key("tenants");
  private static final String ROW = "tenant";

  /** A row that a sign-up writes together with the tenant: {@code hash[field] = value}. */
  public record FirstRow(String hash, String field, String value) {}

  /** A tenant as stored; short names because every tenant has one. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Row(
      @JsonProperty("n") String name,
      @JsonProperty("p") String plan,
      @JsonProperty("c") long createdAt,
      @JsonProperty("s") @Nullable String suspended,
      @JsonProperty("l") @Nullable Limits override) {}

  private final Store store;
  private final TenantScopes scopes;
  private final Announcements announcements;
  private final Clock clock;
  private final NodeCache<TenantId, Tenant> cached = new NodeCache<>(100_000, this::load);

  public Tenants(Store store, TenantScopes scopes, Announcements announcements, Clock clock) {
    this.store = store;
    this.scopes = scopes;
    this.announcements = announcements;
    this.clock = clock;
    announcements.listen(this::onAnnouncement, cached::invalidateAll);
  }

  /**
   * Makes a tenant together with its first rows, all or nothing.
   *
   * @return fails with {@code conflict} when the id is taken, {@code invalid_request} when reserved
   */
  public Future<Tenant> signUp(TenantId id, String displayName, Plan plan, List<FirstRow> rows) {
    if (RESERVED.contains(id.value())) {
      return Future.failedFuture(
          ParleyException.invalid(
              "tenant", "the tenant id " + id + " is reserved; choose another"));
    }
    Row row = new Row(displayName, plan.wireName(), clock.millis(), null, null);
    TenantScope scope = scope(id);
    List<Key> keys = new ArrayList<>(List.of(scope.key(ROW)));
    List<String> arguments = new ArrayList<>(List.of(Json.write(row)));
    for (FirstRow first : rows) {
      keys.add(scope.key(first.hash()));
      arguments.add(first.field());
      arguments.add(first.value());
    }
    return requireNotBeingErased(id)
        .compose(free -> store.sortedAdd(ALL, id.value()))
        .compose(listed -> store.run(SIGN_UP, keys, arguments))
        .compose(
            result -> {
              if (result.integer(0) == 0) {
                return Future.failedFuture(
                    new ParleyException(
                            ErrorCode.CONFLICT, "the tenant id " + id + " is taken; choose another")
                        .with("field", "tenant"));
              }
              cached.invalidate(id);
              return Future.succeededFuture(toTenant(id, row));
            });
  }

  /** The tenant; fails with {@code not_found}. From the cache when it is there. */
  public Future<Tenant> get(TenantId id) {
    return cached.get(id);
  }

  @Override
  public Future<Void> requireActive(TenantId id) {
    return get(id).map(Tenant::requireActive).mapEmpty();
  }

  /** Whether there is such a tenant. */
  public Future<Boolean> exists(TenantId id) {
    return get(id).map(true).recover(Tenants::absent);
  }

  /** Tenants after {@code after}, in the order of their ids. */
  public Future<List<Tenant>> list(@Nullable String after, int limit) {
    return store
        .sortedAfter(ALL, after, limit)
        .compose(
            ids -> {
              List<Future<@Nullable Tenant>> loading = new ArrayList<>();
              ids.forEach(id -> loading.add(load(new TenantId(id)).otherwise((Tenant) null)));
              return Future.join(loading)
                  .map(
                      all -> {
                        List<Tenant> tenants = new ArrayList<>();
                        loading.stream()
                            .map(Future::result)
                            .filter(Objects::nonNull)
                            .forEach(tenants::add);
                        return tenants;
                      });
            });
  }

  public Future<Tenant> suspend(TenantId id, String reason) {
    return change(id, row -> new Row(row.name, row.plan, row.createdAt, reason, row.override));
  }

  public Future<Tenant> resume(TenantId id) {
    return change(id, row -> new Row(row.name, row.plan, row.createdAt, null, row.override));
  }

  /**
   * Changes plan and limits; takes effect on every node at once.
   *
   * @param plan null keeps it
   * @param override limits to set; nulls keep what was set before
   */
  public Future<Tenant> setLimits(TenantId id, @Nullable Plan plan, Limits override) {
    return change(
        id,
        row ->
            new Row(
                row.name,
                plan == null ? row.plan : plan.wireName(),
                row.createdAt,
                row.suspended,
                row.override == null ? override : row.override.with(override)));
  }

  /** Takes an erased tenant off the list and tells every node. */
  Future<Void> forget(TenantId id) {
    return store
        .sortedRemove(ALL, id.value())
        .compose(removed -> announcements.announce(new Announcement.TenantChanged(id.value())));
  }

  private Future<Void> requireNotBeingErased(TenantId id) {
    return store
        .hashGet(Erasures.ERASED, id.value())
        .compose(
            known ->
                known != null && Erasures.isUnderWay(known)
                    ? Future.failedFuture(
                        new ParleyException(
                                ErrorCode.CONFLICT,
                                "the tenant id %s is being erased; try again later".formatted(id))
                            .with("field", "tenant"))
                    : Future.succeededFuture());
  }

  private Future<Tenant> change(TenantId id, UnaryOperator<Row> edit) {
    Key key = scope(id).key(ROW);
    return store
        .get(key)
        .compose(
            text -> {
              if (text == null) {
                return Future.failedFuture(ParleyException.notFound("tenant " + id));
              }
              Row row = edit.apply(Json.read(text, Row.class));
              return store
                  .set(key, Json.write(row), 0)
                  .compose(
                      done -> announcements.announce(new Announcement.TenantChanged(id.value())))
                  .map(toTenant(id, row));
            });
  }

  private Future<Tenant> load(TenantId id) {
    return store
        .get(scope(id).key(ROW))
        .map(
            text -> {
              if (text == null) {
                throw ParleyException.notFound("tenant " + id);
              }
              return toTenant(id, Json.read(text, Row.class));
            });
  }

  private TenantScope scope(TenantId id) {
    if (id.equals(ApiKeys.PLATFORM)) {
      throw ParleyException.notFound("tenant " + id);
    }
    return scopes.of(HubPrincipals.bookkeeper(id));
  }

  private void onAnnouncement(Announcement change) {
    if (change instanceof Announcement.TenantChanged tenant) {
      cached.invalidate(new TenantId(tenant.tenant()));
    }
  }

  private static Tenant toTenant(TenantId id, Row row) {
    return new Tenant(
        id,
        row.name,
        Plan.of(row.plan),
        row.override == null ? Limits.NONE : row.override,
        row.suspended,
        row.createdAt);
  }

  private static Future<Boolean> absent(Throwable failure) {
    return failure instanceof ParleyException e && e.code() == ErrorCode.NOT_FOUND
        ? Future.succeededFuture(false)
        : Future.failedFuture(failure);
  }
}
