package dev.parley.hub.room;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys of rooms, and who gets to them: nobody of a suspended tenant, nobody while the room's
 * owner is suspended.
 */
final class RoomStore {
  private static final String ROOM = "room";
  private static final String ELSEWHERE = "rooms-elsewhere";

  private final Store store;
  private final TenantScopes scopes;
  private final Tenants tenants;

  RoomStore(Store store, TenantScopes scopes, Tenants tenants) {
    this.store = store;
    this.scopes = scopes;
    this.tenants = tenants;
  }

  /**
   * Lets a caller near a room.
   *
   * @return fails when its tenant is suspended, and with {@code not_found} when there is no such
   *     owner or it is suspended
   */
  Future<Void> enter(Principal caller, RoomId room) {
    return tenants
        .get(caller.tenant())
        .compose(
            own -> {
              own.requireActive();
              return active(room.owner());
            })
        .map(
            there -> {
              if (!there) {
                throw room.notFound();
              }
              return null;
            });
  }

  /** Whether there is such a tenant and it is not suspended. */
  Future<Boolean> active(TenantId tenant) {
    return tenants
        .get(tenant)
        .map(found -> found.active())
        .recover(
            failure ->
                failure instanceof ParleyException known && known.code() == ErrorCode.NOT_FOUND
                    ? Future.succeededFuture(false)
                    : Future.failedFuture(failure));
  }

  /** Runs a script on keys of a room, {@code head}, {@code members} and so on. */
  Future<ScriptResult> run(Script script, RoomId room, List<String> keys, String... arguments) {
    return store.run(
        script, keys.stream().map(name -> key(room, name)).toList(), Arrays.asList(arguments));
  }

  /** Runs a script on the list of a tenant's rooms and on keys of one of them. */
  Future<ScriptResult> runOnList(
      Script script, RoomId room, List<String> keys, String... arguments) {
    List<Key> all = new ArrayList<>(List.of(scope(room.owner()).key("rooms")));
    keys.forEach(name -> all.add(key(room, name)));
    return store.run(script, all, Arrays.asList(arguments));
  }

  /** Runs a script of posts, whose last key is that of the sender's id. */
  Future<ScriptResult> runOnce(
      Script script, RoomId room, List<String> keys, String[] once, String... arguments) {
    List<Key> all = new ArrayList<>();
    keys.forEach(name -> all.add(key(room, name)));
    all.add(scope(room.owner()).key(ROOM, room.name(), "once", once[0], once[1]));
    return store.run(script, all, Arrays.asList(arguments));
  }

  /** Names of a tenant's own rooms. */
  Future<List<String>> own(TenantId tenant) {
    return store
        .hashGetAll(scope(tenant).key("rooms"))
        .map(Map::keySet)
        .map(names -> names.stream().sorted().toList());
  }

  /** The list of {@link Elsewhere}. */
  Future<Map<String, String>> elsewhere(TenantId tenant) {
    return store.hashGetAll(scope(tenant).key(ELSEWHERE));
  }

  /** A row of that list. */
  Future<@Nullable String> elsewhere(TenantId tenant, RoomId room) {
    return store.hashGet(scope(tenant).key(ELSEWHERE), room.toString());
  }

  /** Runs a script on that list. */
  Future<ScriptResult> runElsewhere(Script script, TenantId tenant, String... arguments) {
    return store.run(script, List.of(scope(tenant).key(ELSEWHERE)), Arrays.asList(arguments));
  }

  Future<Boolean> exists(TenantId tenant) {
    return tenants.exists(tenant);
  }

  private Key key(RoomId room, String name) {
    return scope(room.owner()).key(ROOM, room.name(), name);
  }

  private TenantScope scope(TenantId tenant) {
    return scopes.of(HubPrincipals.bookkeeper(tenant));
  }
}
