package dev.parley.hub.channel;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The copies of both sides: a principal's own, and the other side's kept for it by the hub. */
final class Books {
  private final Store store;
  private final TenantScopes scopes;
  private final TenantDirectory tenants;

  Books(Store store, TenantScopes scopes, TenantDirectory tenants) {
    this.tenants = tenants;
    this.store = store;
    this.scopes = scopes;
  }

  Future<Optional<Tenant>> find(TenantId tenant) {
    return tenants.find(tenant);
  }

  /** How many channels that it signed and that have not ended the tenant may have. */
  Future<Long> limit(TenantId tenant) {
    return find(tenant)
        .map(found -> found.map(t -> Limits.value(t.limits().channels())).orElse(0L));
  }

  Copies own(Principal principal) {
    return new Copies(store, scopes.of(principal));
  }

  Copies of(TenantId tenant) {
    return new Copies(store, scopes.of(HubPrincipals.bookkeeper(tenant)));
  }

  /** The principal's copy; fails with the same {@code not_found} for none and for others'. */
  Future<Copy> read(Principal principal, String id) {
    return own(principal)
        .read(id)
        .map(
            found ->
                found.orElseThrow(
                    () ->
                        new ParleyException(
                                ErrorCode.NOT_FOUND,
                                "%s is no side of a channel with that id; see: parley channel list"
                                    .formatted(principal.tenant()))
                            .with("field", "id")));
  }

  /** A copy beside that of the other side. */
  Future<Agreement> beside(Copy mine, TenantId own) {
    return of(mine.terms().peerOf(own))
        .read(mine.terms().id())
        .map(theirs -> new Agreement(mine, theirs.orElse(null)));
  }

  /** Copies beside those of the other sides, in the same order: one read for each other tenant. */
  Future<List<Agreement>> beside(List<Copy> mine, TenantId own) {
    Map<TenantId, List<String>> ids =
        mine.stream()
            .map(Copy::terms)
            .collect(
                Collectors.groupingBy(
                    terms -> terms.peerOf(own),
                    Collectors.mapping(Terms::id, Collectors.toList())));
    Map<String, Copy> theirs = new HashMap<>();
    List<Future<Map<String, Copy>>> reads =
        ids.entrySet().stream().map(peer -> of(peer.getKey()).read(peer.getValue())).toList();
    return Future.all(reads)
        .map(
            all -> {
              reads.forEach(read -> theirs.putAll(read.result()));
              return mine.stream()
                  .map(copy -> new Agreement(copy, theirs.get(copy.terms().id())))
                  .toList();
            });
  }
}
