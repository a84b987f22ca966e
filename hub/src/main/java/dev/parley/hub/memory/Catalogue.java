package dev.parley.hub.memory;

import dev.parley.hub.agent.Agents;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which documents a tenant has, in Redis: the current file of each, their number and bytes against
 * the plan, and a number for each change, by which every node learns what its index lacks.
 */
final class Catalogue {
  private static final Script COMMIT = Script.replicated("memory-commit");
  private static final Script FORGET = Script.replicated("memory-forget");
  private static final Script CHANGES = new Script("memory-changes");
  private static final Script LIST = new Script("memory-list");

  /** Deletions that are remembered; an index that missed more is made anew. */
  static final int DELETIONS_KEPT = 1_000;

  static final int CHANGES_AT_ONCE = 200;

  private final Store store;
  private final Tenants tenants;

  Catalogue(Store store, Tenants tenants) {
    this.store = store;
    this.tenants = tenants;
  }

  /** One row; the head is null for a document that was deleted. */
  record Row(DocumentName name, long revision, @Nullable Head head) {}

  /**
   * Changes since a revision.
   *
   * @param epoch names this catalogue; empty when there was never a document
   * @param last the last revision there is
   * @param floor deletions up to this revision may be missing
   * @param upTo the changes are complete up to this revision
   */
  record Changes(String epoch, long last, long floor, long upTo, List<Row> rows) {}

  /** The document's head, or null. */
  Future<@Nullable Head> find(TenantScope scope, DocumentName name) {
    return store
        .hashGet(heads(scope), name.toString())
        .map(row -> row == null ? null : Head.parse(row));
  }

  /** Whether a document of so many bytes may be put; answers the head it would replace. */
  Future<@Nullable Head> check(TenantScope scope, DocumentName name, long bytes) {
    return commit(scope, "check", name, bytes, "", "");
  }

  /**
   * Makes a document current whose file is on disk; answers the head it replaces.
   *
   * @return fails with {@code limit_exceeded}, or {@code not_found} when there is no such agent
   */
  Future<@Nullable Head> put(TenantScope scope, DocumentName name, Head head) {
    return commit(scope, "put", name, head.bytes(), head.toRow(), "");
  }

  /** Makes a file current that was found on disk, unless the document changed meanwhile. */
  Future<Void> adopt(TenantScope scope, DocumentName name, Head head, @Nullable Head read) {
    return commit(
            scope, "adopt", name, head.bytes(), head.toRow(), read == null ? "" : read.toRow())
        .mapEmpty();
  }

  private Future<@Nullable Head> commit(
      TenantScope scope, String how, DocumentName name, long bytes, String head, String read) {
    return tenants
        .get(scope.tenant())
        .compose(
            tenant -> {
              long documents = Limits.value(tenant.limits().memoryDocuments());
              long mostBytes = Limits.value(tenant.limits().memoryBytes());
              return store
                  .run(
                      COMMIT,
                      List.of(
                          heads(scope),
                          changes(scope),
                          gone(scope),
                          meta(scope),
                          scope.key(Agents.HASH)),
                      List.of(
                          how,
                          name.agent().value(),
                          name.toString(),
                          Long.toString(bytes),
                          head,
                          Long.toString(documents),
                          Long.toString(mostBytes),
                          UUID.randomUUID().toString(),
                          read))
                  .map(result -> replaced(scope, name, result, documents, mostBytes, bytes));
            });
  }

  private static @Nullable Head replaced(
      TenantScope scope,
      DocumentName name,
      ScriptResult result,
      long documents,
      long mostBytes,
      long bytes) {
    switch ((int) result.integer(0)) {
      case -1 ->
          throw atLimit(
              scope.tenant(), "memory_documents", "documents", result.integer(1), documents);
      case -2 ->
          throw atLimit(scope.tenant(), "memory_bytes", "bytes", result.integer(1), mostBytes)
              .with("requested", bytes);
      case -3 -> throw ParleyException.notFound("agent " + scope.tenant() + "/" + name.agent());
      case 0 -> {
        return null;
      }
      default -> {
        String old = result.text(2);
        return old.isEmpty() ? null : Head.parse(old);
      }
    }
  }

  private static ParleyException atLimit(
      TenantId tenant, String limit, String what, long used, long most) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s has %d %s of memory and may have %d; delete some or ask for a higher plan"
                .formatted(tenant, used, what, most))
        .with("limit", limit)
        .with("owner", "tenant " + tenant)
        .with("used", used)
        .with("max", most);
  }

  /** Forgets a document, unless it was put again since it was read. */
  Future<Boolean> forget(TenantScope scope, DocumentName name, Head read) {
    return store
        .run(
            FORGET,
            List.of(heads(scope), changes(scope), gone(scope), meta(scope)),
            List.of(name.toString(), read.toRow(), Integer.toString(DELETIONS_KEPT)))
        .map(result -> result.integer(0) == 1);
  }

  Future<Changes> since(TenantScope scope, long revision) {
    return store
        .run(
            CHANGES,
            List.of(heads(scope), changes(scope), gone(scope), meta(scope)),
            List.of(Long.toString(revision), Integer.toString(CHANGES_AT_ONCE)))
        .map(
            result ->
                new Changes(
                    result.text(0),
                    result.integer(1),
                    result.integer(2),
                    result.integer(3),
                    rows(result, 4)));
  }

  /**
   * Documents, those written last first.
   *
   * @param before a revision, null for the newest
   */
  Future<List<Row>> list(TenantScope scope, @Nullable Long before, int count) {
    return store
        .run(
            LIST,
            List.of(heads(scope), changes(scope)),
            List.of(before == null ? "" : before.toString(), Integer.toString(count)))
        .map(result -> rows(result, 0));
  }

  private static List<Row> rows(ScriptResult result, int from) {
    List<Row> rows = new ArrayList<>();
    for (int i = from; i + 2 < result.size(); i += 3) {
      String head = result.text(i + 2);
      rows.add(
          new Row(
              DocumentName.parse(result.text(i)),
              result.integer(i + 1),
              head.isEmpty() ? null : Head.parse(head)));
    }
    return rows;
  }

  private static Key heads(TenantScope scope) {
    return scope.key("memory", "heads");
  }

  private static Key changes(TenantScope scope) {
    return scope.key("memory", "changes");
  }

  private static Key gone(TenantScope scope) {
    return scope.key("memory", "gone");
  }

  private static Key meta(TenantScope scope) {
    return scope.key("memory", "meta");
  }
}
