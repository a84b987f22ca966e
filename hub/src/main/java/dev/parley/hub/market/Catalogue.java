package dev.parley.hub.market;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What search finds, on this node. The platform keeps one order of changes, in which each listing
 * has the number of its last; before a node searches it reads what changed since it last looked,
 * and then those listings from their publishers. So a search on any node finds what any node has
 * published before, no announcement can be missed, and a node that starts reads from number 0.
 *
 * <p>A listing is announced as pending before it is written and counted as changed after; what a
 * crash leaves pending is counted by the next search after {@value #GIVEN_UP_MS} ms.
 */
final class Catalogue {
  /** What happens, or happened, to a listing. */
  enum Mark {
    BEGIN,
    /** It is written, and search may find it. */
    PUBLIC,
    /** It is written, and search must not find it; or it is not there at all. */
    GONE,
    /** It was not written, and is as it was. */
    SAME
  }

  static final long GIVEN_UP_MS = 10_000;
  private static final Logger LOG = LoggerFactory.getLogger(Catalogue.class);
  private static final int BATCH = 500;
  private static final int MOST_GONE = 10_000;
  private static final Script MARK = new Script("listing-mark");
  private static final Script CHANGES = new Script("listing-changes");
  private static final Key SEQUENCE = Keyspace.platform().key("listings", "sequence");
  static final Key CHANGED = Keyspace.platform().key("listings", "changes");
  private static final Key GONE = Keyspace.platform().key("listings", "gone");
  private static final Key PENDING = Keyspace.platform().key("listings", "pending");

  private final Store store;
  private final Listings listings;
  private final Clock clock;
  private final SearchIndex index = new SearchIndex();
  private long last;
  private @Nullable Future<Void> reading;
  private @Nullable Future<Void> readingNext;

  Catalogue(Store store, Listings listings, Clock clock) {
    this.store = store;
    this.listings = listings;
    this.clock = clock;
  }

  Future<SearchIndex.Hits> search(String query, int offset, int limit) {
    return onCaller(readChanges()).map(read -> index.search(query, offset, limit));
  }

  /** Marks a listing: {@link Mark#BEGIN} before it is written, one of the others after. */
  Future<Void> mark(ListingId id, Mark mark) {
    return store
        .run(
            MARK,
            List.of(SEQUENCE, CHANGED, GONE, PENDING),
            List.of(
                id.path(),
                mark.name().toLowerCase(Locale.ROOT),
                Long.toString(clock.millis()),
                Integer.toString(MOST_GONE)))
        .mapEmpty();
  }

  /** Reads all that changed before this call; calls at the same time share the reading. */
  synchronized Future<Void> readChanges() {
    if (reading == null) {
      Promise<Void> promise = Promise.promise();
      reading = promise.future();
      readBatches().onComplete(done -> finish(promise, done.cause()));
      return promise.future();
    }
    if (readingNext == null) {
      readingNext = reading.transform(done -> readChanges());
    }
    return readingNext;
  }

  private void finish(Promise<Void> promise, @Nullable Throwable failure) {
    synchronized (this) {
      reading = null;
      readingNext = null;
    }
    if (failure == null) {
      promise.complete();
    } else {
      promise.fail(failure);
    }
  }

  private Future<Void> readBatches() {
    return store
        .run(
            CHANGES,
            List.of(SEQUENCE, CHANGED, PENDING),
            List.of(
                Long.toString(last),
                Integer.toString(BATCH),
                Long.toString(clock.millis() - GIVEN_UP_MS)))
        .compose(
            result ->
                apply(result)
                    .compose(
                        read ->
                            result.size() < 2 * BATCH
                                ? Future.<Void>succeededFuture()
                                : readBatches()));
  }

  private Future<Void> apply(ScriptResult result) {
    List<ListingId> changed = new ArrayList<>();
    List<Future<Optional<Listings.Stored>>> rows = new ArrayList<>();
    for (int i = 0; i < result.size(); i += 2) {
      ListingId id = ListingId.parse(result.text(i));
      changed.add(id);
      rows.add(listings.read(id).recover(e -> unreadable(id, e)));
    }
    if (changed.isEmpty()) {
      return Future.succeededFuture();
    }
    return Future.all(rows)
        .map(
            all -> {
              for (int i = 0; i < changed.size(); i++) {
                apply(changed.get(i), rows.get(i).result());
              }
              last = Long.parseLong(result.text(result.size() - 1));
              return null;
            });
  }

  private void apply(ListingId id, Optional<Listings.Stored> row) {
    if (row.isEmpty() || !row.get().listing().isPublic()) {
      index.remove(id);
    } else if (!index.put(row.get().listing())) {
      LOG.warn("{} is not found by search: the index is full at {}", id, index.size());
    }
  }

  /** A row that cannot be read must not keep others from being found; an absent Redis must. */
  private static Future<Optional<Listings.Stored>> unreadable(ListingId id, Throwable e) {
    if (e instanceof ParleyException failure && failure.code() == ErrorCode.UNAVAILABLE) {
      return Future.failedFuture(e);
    }
    LOG.error("{} cannot be read and is not found by search", id, e);
    return Future.succeededFuture(Optional.empty());
  }

  private static Future<Void> onCaller(Future<Void> shared) {
    Context caller = Vertx.currentContext();
    if (caller == null) {
      return shared;
    }
    Promise<Void> promise = Promise.promise();
    shared.onComplete(
        done ->
            caller.runOnContext(
                v -> {
                  if (done.succeeded()) {
                    promise.complete();
                  } else {
                    promise.fail(done.cause());
                  }
                }));
    return promise.future();
  }
}
