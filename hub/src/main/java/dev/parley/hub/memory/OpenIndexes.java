package dev.parley.hub.memory;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.Lanes;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.lucene.store.LockObtainFailedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The indexes that are open on this node, at most so many. Work on the index of a tenant goes one
 * after the other, so a tenant has one thread at most, however much it asks. For one more than may
 * be open the one that was not used for longest is closed first; when all are in use, the work
 * waits, and is refused when too much does. A broken index is thrown away, and the work begins
 * again with an empty one.
 */
final class OpenIndexes {
  private static final Logger LOG = LoggerFactory.getLogger(OpenIndexes.class);
  private static final long SWEEP_MS = 500;
  private static final long RETRY_AFTER_MS = 250;

  private final Vertx vertx;
  private final MemorySettings settings;
  private final DiskWorkers workers;
  private final Lanes<TenantId> lanes;
  private final AtomicLong made = new AtomicLong();
  private final AtomicLong broken = new AtomicLong();
  private final long timer;

  /** Guards what follows; in the order of use. */
  private final Map<TenantId, Slot> open = new LinkedHashMap<>(16, 0.75f, true);

  private final Map<TenantId, Future<Void>> closing = new HashMap<>();
  private final Deque<Promise<Void>> waiting = new ArrayDeque<>();
  private @Nullable Path directory;
  private boolean stopped;

  OpenIndexes(Vertx vertx, MemorySettings settings, DiskWorkers workers) {
    this.vertx = vertx;
    this.settings = settings;
    this.workers = workers;
    this.lanes = new Lanes<>(vertx, settings.maxWaitingPerTenant());
    this.timer = vertx.setPeriodic(SWEEP_MS, id -> closeIdle());
  }

  /** An index that is open, or about to be. */
  private static final class Slot {
    private boolean inUse = true;
    private long usedAt;
    private @Nullable TenantIndex index;
  }

  /** How many are open. */
  synchronized int count() {
    int count = closing.size();
    for (Slot slot : open.values()) {
      count += slot.index == null ? 0 : 1;
    }
    return count;
  }

  /** How many were made from nothing. */
  long made() {
    return made.get();
  }

  /** How many were thrown away because they were broken. */
  long broken() {
    return broken.get();
  }

  /** Does work on the index of a tenant when all work on it before has ended. */
  <T> Future<T> use(TenantScope scope, Function<TenantIndex, Future<T>> work) {
    TenantId tenant = scope.tenant();
    return lanes.run(tenant, () -> once(tenant, work).recover(e -> again(tenant, e, work)));
  }

  private <T> Future<T> once(TenantId tenant, Function<TenantIndex, Future<T>> work) {
    return take(tenant)
        .compose(
            slot ->
                opened(tenant, slot)
                    .compose(work)
                    .onSuccess(done -> release(slot))
                    .recover(
                        failure ->
                            isOfIndex(failure)
                                ? discard(tenant, slot, failure)
                                : kept(slot, failure)));
  }

  private <T> Future<T> again(
      TenantId tenant, Throwable failure, Function<TenantIndex, Future<T>> work) {
    return isOfIndex(failure)
        ? once(tenant, work)
            .recover(
                second ->
                    Future.failedFuture(isOfIndex(second) ? unusable(tenant, second) : second))
        : Future.failedFuture(failure);
  }

  private <T> Future<T> kept(Slot slot, Throwable failure) {
    release(slot);
    return Future.failedFuture(failure);
  }

  private static boolean isOfIndex(Throwable failure) {
    return !(failure instanceof ParleyException);
  }

  /** Makes room for one more and keeps it for this tenant. */
  private Future<Slot> take(TenantId tenant) {
    Future<Void> before;
    synchronized (this) {
      Slot present = open.get(tenant);
      if (stopped) {
        return Future.failedFuture(
            new ParleyException(ErrorCode.UNAVAILABLE, "the hub is stopping"));
      }
      if (present != null) {
        present.inUse = true;
        return Future.succeededFuture(present);
      }
      if (open.size() >= settings.maxOpenIndexes()) {
        TenantId idle = longestIdle();
        if (idle == null) {
          return waitForOne().compose(released -> take(tenant));
        }
        close(idle);
      }
      before = Future.join(List.copyOf(closing.values())).mapEmpty();
      open.put(tenant, new Slot());
    }
    return before.transform(
        done -> {
          synchronized (this) {
            return Future.succeededFuture(open.get(tenant));
          }
        });
  }

  /** Until one of those in use is not any more; several may be told of the same one. */
  private Future<Void> waitForOne() {
    if (waiting.size() >= settings.maxWaiting()) {
      return Future.failedFuture(allInUse());
    }
    Promise<Void> released = Promise.promise();
    waiting.add(released);
    return released.future();
  }

  private @Nullable TenantId longestIdle() {
    for (Map.Entry<TenantId, Slot> entry : open.entrySet()) {
      if (!entry.getValue().inUse) {
        return entry.getKey();
      }
    }
    return null;
  }

  private Future<TenantIndex> opened(TenantId tenant, Slot slot) {
    TenantIndex present = slot.index;
    if (present != null) {
      return Future.succeededFuture(present);
    }
    return workers
        .run(() -> open(tenant))
        .map(
            index -> {
              slot.index = index;
              return index;
            });
  }

  private TenantIndex open(TenantId tenant) throws IOException {
    Path path = directory().resolve(tenant.value());
    TenantIndex index;
    try {
      index = new TenantIndex(path);
    } catch (LockObtainFailedException e) {
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "another hub has its indexes in %s; give each its own --memory-index-directory"
              .formatted(directory()),
          e);
    }
    if (index.isNew()) {
      made.incrementAndGet();
    }
    return index;
  }

  private synchronized Path directory() throws IOException {
    Path known = directory;
    if (known == null) {
      Path set = settings.indexDirectory();
      known =
          set == null
              ? Files.createTempDirectory("parley-memory-index")
              : Files.createDirectories(set);
      directory = known;
    }
    return known;
  }

  private void release(Slot slot) {
    Promise<Void> next;
    synchronized (this) {
      slot.inUse = false;
      slot.usedAt = System.nanoTime();
      next = waiting.poll();
    }
    if (next != null) {
      next.complete();
    }
  }

  private <T> Future<T> discard(TenantId tenant, Slot slot, Throwable failure) {
    LOG.warn("the index of {} is broken and is made again", tenant, failure);
    broken.incrementAndGet();
    return throwAway(tenant, slot).transform(done -> Future.failedFuture(failure));
  }

  /** Throws the index of a tenant that is gone away, when all work on it has ended. */
  Future<Void> forget(TenantId tenant) {
    return lanes.run(tenant, () -> take(tenant).compose(slot -> throwAway(tenant, slot)));
  }

  private Future<Void> throwAway(TenantId tenant, Slot slot) {
    return vertx
        .executeBlocking(
            () -> {
              TenantIndex index = slot.index;
              if (index != null) {
                index.abandon();
              }
              deleteTree(directory().resolve(tenant.value()));
              return true;
            },
            false)
        .<Void>mapEmpty()
        .onComplete(
            done -> {
              synchronized (this) {
                open.remove(tenant, slot);
              }
              release(slot);
            });
  }

  private void closeIdle() {
    long idleSince = System.nanoTime() - settings.idleTimeout().toNanos();
    synchronized (this) {
      List<TenantId> idle = new ArrayList<>();
      open.forEach(
          (tenant, slot) -> {
            if (!slot.inUse && slot.usedAt - idleSince < 0) {
              idle.add(tenant);
            }
          });
      idle.forEach(this::close);
    }
  }

  /** Closes an index that is not in use; who wants it again waits until it is closed. */
  private synchronized Future<Void> close(TenantId tenant) {
    Slot slot = open.remove(tenant);
    TenantIndex index = slot == null ? null : slot.index;
    if (index == null) {
      return Future.succeededFuture();
    }
    Future<Void> closed =
        vertx
            .executeBlocking(
                () -> {
                  closeOrDelete(tenant, index);
                  return true;
                },
                false)
            .mapEmpty();
    closing.put(tenant, closed);
    closed.onComplete(
        done -> {
          synchronized (this) {
            closing.remove(tenant, closed);
          }
        });
    return closed;
  }

  private void closeOrDelete(TenantId tenant, TenantIndex index) throws IOException {
    try {
      index.close();
    } catch (IOException | RuntimeException e) {
      LOG.warn("the index of {} cannot be closed and is thrown away", tenant, e);
      index.abandon();
      deleteTree(directory().resolve(tenant.value()));
    }
  }

  private static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private ParleyException allInUse() {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "%d searches wait for one of %d memory indexes that may be open; try again"
                .formatted(settings.maxWaiting(), settings.maxOpenIndexes()))
        .retryAfter(RETRY_AFTER_MS);
  }

  private static ParleyException unusable(TenantId tenant, Throwable failure) {
    LOG.error("the index of {} cannot be made", tenant, failure);
    return new ParleyException(
        ErrorCode.UNAVAILABLE, "memory cannot be searched now: its index cannot be made", failure);
  }

  /** Closes all; a temporary directory goes with them. */
  Future<Void> close() {
    vertx.cancelTimer(timer);
    List<Future<Void>> all;
    List<Promise<Void>> refused;
    synchronized (this) {
      stopped = true;
      refused = List.copyOf(waiting);
      waiting.clear();
      all = new ArrayList<>(closing.values());
      List.copyOf(open.keySet()).forEach(tenant -> all.add(close(tenant)));
    }
    refused.forEach(Promise::complete);
    return Future.join(all)
        .transform(
            done ->
                vertx.executeBlocking(
                    () -> {
                      Path temporary = directory;
                      if (temporary != null && settings.indexDirectory() == null) {
                        deleteTree(temporary);
                      }
                      return true;
                    },
                    false))
        .mapEmpty();
  }
}
