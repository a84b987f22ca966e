package dev.parley.hub.memory;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.memory.Catalogue.Changes;
import dev.parley.hub.memory.Catalogue.Row;
import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings an index up to the catalogue: what changed since, or all of it when the index is new, of
 * another catalogue, or has missed too much. Before that last, catalogue and disk are made to
 * agree, for one of them may have been lost or be older than the other.
 */
final class Indexer {
  private static final Logger LOG = LoggerFactory.getLogger(Indexer.class);

  /** What no catalogue row names may be in the making by another node for so long. */
  private static final long YOUNG_MS = 5_000;

  /** Leftovers and rows without a file are only believed when they are older. */
  private static final long OLD_MS = 600_000;

  private final Catalogue catalogue;
  private final DiskWorkers workers;
  private final InstantSource clock;
  private final int maxDocumentBytes;

  Indexer(Catalogue catalogue, DiskWorkers workers, InstantSource clock, int maxDocumentBytes) {
    this.catalogue = catalogue;
    this.workers = workers;
    this.clock = clock;
    this.maxDocumentBytes = maxDocumentBytes;
  }

  /**
   * Brings the documents of an index up to now.
   *
   * @param fingerprint of the tenant's model, whose vectors are looked for on disk; null for none
   */
  Future<Void> catchUp(TenantScope scope, TenantIndex index, @Nullable String fingerprint) {
    return catalogue
        .since(scope, index.revision())
        .compose(
            changes ->
                isMissed(index, changes)
                    ? again(scope, index, fingerprint)
                    : apply(scope, index, fingerprint, changes));
  }

  private static boolean isMissed(TenantIndex index, Changes changes) {
    return index.isNew()
        || !index.epoch().equals(changes.epoch())
        || index.revision() > changes.last()
        || index.revision() < changes.floor();
  }

  private Future<Void> again(TenantScope scope, TenantIndex index, @Nullable String fingerprint) {
    return reconcile(scope)
        .compose(
            done ->
                workers.run(
                    () -> {
                      index.clear();
                      return true;
                    }))
        .compose(cleared -> catalogue.since(scope, 0))
        .compose(changes -> apply(scope, index, fingerprint, changes));
  }

  private Future<Void> apply(
      TenantScope scope, TenantIndex index, @Nullable String fingerprint, Changes changes) {
    return workers
        .run(
            () -> {
              for (Row row : changes.rows()) {
                apply(scope, index, fingerprint, row);
              }
              index.upTo(changes.epoch(), changes.upTo());
              return true;
            })
        .compose(
            done ->
                changes.upTo() >= changes.last()
                    ? Future.succeededFuture()
                    : catalogue
                        .since(scope, changes.upTo())
                        .compose(next -> apply(scope, index, fingerprint, next)));
  }

  private void apply(TenantScope scope, TenantIndex index, @Nullable String fingerprint, Row row)
      throws IOException {
    Head head = row.head();
    DocumentFiles.Stored stored =
        head == null
            ? null
            : new DocumentFiles(scope, maxDocumentBytes).read(row.name(), head.stamp());
    if (stored == null) {
      index.remove(row.name());
      return;
    }
    List<Chunk> chunks = Chunker.chunks(stored.text());
    index.put(
        new Source(
            row.name(),
            stored.tags(),
            stored.session(),
            stored.updatedAt(),
            null,
            chunks,
            fingerprint == null ? null : new VectorFiles(scope).read(row.name(), fingerprint)));
  }

  /** Makes the catalogue name the files there are. */
  private Future<Void> reconcile(TenantScope scope) {
    Map<DocumentName, Head> heads = new HashMap<>();
    DocumentFiles files = new DocumentFiles(scope, maxDocumentBytes);
    return heads(scope, 0, heads)
        .compose(read -> workers.run(files::all))
        .compose(
            found -> {
              Map<DocumentName, DocumentFiles.Found> newest = new HashMap<>();
              Set<DocumentName> whole = new HashSet<>();
              for (DocumentFiles.Found file : found) {
                newest.put(file.name(), file);
                Head head = heads.get(file.name());
                if (head != null && head.stamp().equals(file.stamp())) {
                  whole.add(file.name());
                }
              }
              Future<Void> done = Future.succeededFuture();
              for (DocumentFiles.Found file : newest.values()) {
                if (!whole.contains(file.name()) && file.writtenAt() < clock.millis() - YOUNG_MS) {
                  done = done.compose(next -> adopt(scope, file, heads.get(file.name())));
                }
              }
              for (Map.Entry<DocumentName, Head> row : heads.entrySet()) {
                if (!newest.containsKey(row.getKey())
                    && row.getValue().updatedAt() < clock.millis() - OLD_MS) {
                  LOG.warn("{} of {} has no file", row.getKey(), scope.tenant());
                  done =
                      done.compose(
                          next -> catalogue.forget(scope, row.getKey(), row.getValue()).mapEmpty());
                }
              }
              return done.compose(next -> sweep(files, found, heads));
            });
  }

  private Future<Void> heads(TenantScope scope, long since, Map<DocumentName, Head> heads) {
    return catalogue
        .since(scope, since)
        .compose(
            changes -> {
              for (Row row : changes.rows()) {
                Head head = row.head();
                if (head != null) {
                  heads.put(row.name(), head);
                }
              }
              return changes.upTo() >= changes.last()
                  ? Future.succeededFuture()
                  : heads(scope, changes.upTo(), heads);
            });
  }

  private Future<Void> adopt(TenantScope scope, DocumentFiles.Found file, @Nullable Head read) {
    LOG.warn("{} of {} is on disk and is put into the catalogue", file.name(), scope.tenant());
    return workers
        .run(() -> new DocumentFiles(scope, maxDocumentBytes).read(file.name(), file.stamp()))
        .compose(
            stored ->
                stored == null
                    ? Future.succeededFuture()
                    : catalogue.adopt(scope, file.name(), stored.head(file.stamp()), read));
  }

  /** Deletes what puts that failed half way have left. */
  private Future<Void> sweep(
      DocumentFiles files, List<DocumentFiles.Found> found, Map<DocumentName, Head> heads) {
    return workers
        .run(
            () -> {
              for (DocumentFiles.Found file : found) {
                Head head = heads.get(file.name());
                if (head != null
                    && file.stamp().compareTo(head.stamp()) < 0
                    && file.writtenAt() < clock.millis() - OLD_MS) {
                  files.deleteOne(file.name(), file.stamp());
                }
              }
              return true;
            })
        .mapEmpty();
  }
}
