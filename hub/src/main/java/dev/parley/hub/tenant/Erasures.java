package dev.parley.hub.tenant;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.TreeDeletion;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.audit.AuditChain;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Erases tenants: suspends, ends what leads to them at others, deletes their files and keys until
 * nothing is found any more, and keeps only what was removed. Whatever fails in between, erasing
 * again does the rest.
 *
 * <p>The id can be signed up again afterwards, and nothing of the erased tenant is there for it.
 */
public final class Erasures {
  private static final Logger LOG = LoggerFactory.getLogger(Erasures.class);

  /** Of each tenant that is being erased, since when; of each that was, the proof. */
  static final Key ERASED = Keyspace.platform().key("erased");

  private static final String BEGUN = "begun ";
  private static final int MOST_PASSES = 20;

  /** Ends what leads to a tenant at others and from it to others. */
  public interface Departure {
    /** Answers how many of each there were; may be done again. */
    Future<Map<String, Long>> leave(Principal principal, TenantScope scope);
  }

  private final Vertx vertx;
  private final Store store;
  private final Tenants tenants;
  private final TenantScopes scopes;
  private final Departure departure;
  private final DiskWorkers workers;
  private final Clock clock;
  private final long settleMs;

  /**
   * Makes the erasures.
   *
   * @param settleMs how long every node may take to notice a suspension, and to write what it has
   *     under way
   */
  public Erasures(
      Vertx vertx,
      Store store,
      Tenants tenants,
      TenantScopes scopes,
      Departure departure,
      Clock clock,
      long settleMs) {
    this.vertx = vertx;
    this.store = store;
    this.tenants = tenants;
    this.scopes = scopes;
    this.departure = departure;
    this.workers = new DiskWorkers(vertx, "erasure", 1, 100);
    this.clock = clock;
    this.settleMs = settleMs;
  }

  static boolean isUnderWay(String known) {
    return known.startsWith(BEGUN);
  }

  /**
   * Erases a tenant.
   *
   * @return the proof, an {@code Erasure} of the contract; that of the last time when there is no
   *     such tenant any more; fails with {@code not_found} when there never was one
   */
  public Future<ObjectNode> erase(TenantId id) {
    return tenants
        .exists(id)
        .compose(
            there ->
                store
                    .hashGet(ERASED, id.value())
                    .compose(
                        known -> {
                          if (there) {
                            return begin(id);
                          }
                          if (known == null) {
                            return Future.failedFuture(ParleyException.notFound("tenant " + id));
                          }
                          return isUnderWay(known)
                              ? finish(id, new TreeMap<>(), Json.object())
                              : Future.succeededFuture((ObjectNode) Json.parse("proof", known));
                        }));
  }

  private Future<ObjectNode> begin(TenantId id) {
    Principal keeper = HubPrincipals.bookkeeper(id);
    TenantScope scope = scopes.of(keeper);
    return tenants
        .suspend(id, "it is being erased")
        .compose(suspended -> store.hashSet(ERASED, id.value(), BEGUN + clock.millis()))
        .compose(noted -> departure.leave(keeper, scope))
        .compose(
            left ->
                store
                    .hashGetAll(scope.key("audit", "head"))
                    .compose(head -> settled(finishLater(id, left, head))));
  }

  private Supplier<Future<ObjectNode>> finishLater(
      TenantId id, Map<String, Long> left, Map<String, String> head) {
    ObjectNode audit = Json.object();
    audit.put("seq", Long.parseLong(head.getOrDefault("seq", "0")));
    audit.put("hash", head.getOrDefault("hash", AuditChain.START));
    return () -> finish(id, left, audit);
  }

  private <T> Future<T> settled(Supplier<Future<T>> next) {
    return vertx.timer(Math.max(1, settleMs), TimeUnit.MILLISECONDS).compose(fired -> next.get());
  }

  private Future<ObjectNode> finish(TenantId id, Map<String, Long> left, ObjectNode audit) {
    TenantScope scope = scopes.of(HubPrincipals.bookkeeper(id));
    TreeDeletion tree = new TreeDeletion();
    return deleteFiles(scope, tree)
        .compose(done -> deleteKeys(scope, new TreeMap<>(), MOST_PASSES))
        .compose(
            kinds ->
                deleteFiles(scope, tree)
                    .compose(done -> tenants.forget(id))
                    .map(gone -> proof(id, left, audit, tree, kinds)))
        .compose(proof -> store.hashSet(ERASED, id.value(), Json.write(proof)).map(proof))
        .onSuccess(proof -> LOG.info("tenant {} was erased: {}", id, proof))
        .onFailure(e -> LOG.warn("tenant {} is erased in part, erase it again: {}", id, e));
  }

  private Future<Void> deleteFiles(TenantScope scope, TreeDeletion tree) {
    return workers.run(
        () -> {
          tree.delete(
              Objects.requireNonNull(scope.directory().getParent(), "workspace root"),
              scope.tenant().value());
          return null;
        });
  }

  /** What was under way when the tenant was suspended may still write for a moment. */
  private Future<Map<String, Long>> deleteKeys(
      TenantScope scope, Map<String, Long> deleted, int passes) {
    if (passes == 0) {
      return Future.failedFuture(
          new ParleyException(
                  ErrorCode.UNAVAILABLE,
                  "something still writes for tenant %s; erase it again".formatted(scope.tenant()))
              .retryAfter(1_000));
    }
    return store
        .deleteAll(scope.keyspace())
        .compose(
            found -> {
              found.forEach((kind, count) -> deleted.merge(kind, count, Long::sum));
              return found.isEmpty()
                  ? Future.succeededFuture(deleted)
                  : settled(() -> deleteKeys(scope, deleted, passes - 1));
            });
  }

  private ObjectNode proof(
      TenantId id,
      Map<String, Long> left,
      ObjectNode audit,
      TreeDeletion tree,
      Map<String, Long> kinds) {
    ObjectNode proof = Json.object().put("tenant", id.value()).put("erasedAt", clock.millis());
    ObjectNode ended = proof.putObject("ended");
    left.forEach(ended::put);
    ObjectNode keys = proof.putObject("keys");
    kinds.forEach(keys::put);
    proof
        .putObject("files")
        .put("files", tree.files())
        .put("directories", tree.directories())
        .put("bytes", tree.bytes());
    proof.set("audit", audit);
    return proof.put("hash", AuditChain.hash(AuditChain.START, Json.write(proof)));
  }

  public Future<Void> close() {
    return workers.close();
  }
}
