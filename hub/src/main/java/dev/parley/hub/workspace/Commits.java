package dev.parley.hub.workspace;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.workspace.Books.Booking;
import dev.parley.hub.workspace.Books.Intent;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out {@link Change changes} so that what a tenant's files take never passes its limits and
 * is exact whatever crashes.
 *
 * <p>A change is measured and made ready, booked in Redis with what it will add, carried out on
 * disk, measured again, and settled with what it did add. Booking takes the agent's turn: other
 * nodes wait until it is settled. It names what the change touches and what was there before, so
 * that whoever comes after a node that died in between can take away what that one made ready (then
 * its rename cannot happen any more), look at what is there, and settle. Between measuring and
 * booking nothing is locked: a version, which each settled change raises, tells when to measure
 * again.
 *
 * <p>What an agent has is counted when this process first changes it, and when Redis has forgotten
 * changes. Changes of one agent must come one at a time; {@link Workspaces} sees to that.
 */
final class Commits {
  private static final Logger LOG = LoggerFactory.getLogger(Commits.class);
  private static final int ATTEMPTS = 20;
  private static final long POLL_MS = 50;
  private static final long PATIENCE_MS = 5_000;
  private static final int MAX_KNOWN = 100_000;

  private final Vertx vertx;
  private final Books books;
  private final DiskWorkers workers;
  private final Function<TenantId, Future<Limits>> limits;
  private final boolean alone;
  private final String process = UUID.randomUUID().toString();
  private final Cache<AgentAddress, Long> versions =
      Caffeine.newBuilder().maximumSize(MAX_KNOWN).build();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong recovered = new AtomicLong();

  /**
   * Carries out changes.
   *
   * @param alone whether no other process changes files here
   */
  Commits(
      Vertx vertx,
      Books books,
      DiskWorkers workers,
      Function<TenantId, Future<Limits>> limits,
      boolean alone) {
    this.vertx = vertx;
    this.books = books;
    this.workers = workers;
    this.limits = limits;
    this.alone = alone;
  }

  /** Changes that were refused because of a limit. */
  long refused() {
    return refused.get();
  }

  /** Changes of others that were ended here. */
  long recovered() {
    return recovered.get();
  }

  Future<FileUsage> usage(TenantScope scope) {
    return limits.apply(scope.tenant()).compose(most -> books.usage(scope, most));
  }

  /** Carries out a change; fails with what it fails with, or {@code limit_exceeded}. */
  <R> Future<R> run(Owner owner, WorkspaceFiles files, Task<R> task) {
    return limits
        .apply(owner.scope().tenant())
        .compose(most -> new Run<>(owner, files, task, most).attempt(ATTEMPTS))
        .eventually(
            () ->
                workers.run(
                    () -> {
                      task.change.discard();
                      return task;
                    }));
  }

  /**
   * A change with what it is called in errors.
   *
   * @param verb for example {@code write}
   */
  record Task<R>(String verb, WorkspacePath path, Change<R> change) {}

  /** Forgets an agent that is gone with all its files. */
  Future<Void> forget(Owner owner) {
    Long version = versions.getIfPresent(owner.address());
    versions.invalidate(owner.address());
    return version == null
        ? Future.succeededFuture()
        : books.count(owner, version, Tally.NOTHING, true).mapEmpty();
  }

  /** Counts the files of an agent when that was not done before; answers the version. */
  private Future<Long> counted(Owner owner, WorkspaceFiles files) {
    Long known = versions.getIfPresent(owner.address());
    return known != null
        ? Future.succeededFuture(known)
        : books
            .version(owner)
            .compose(
                version ->
                    workers
                        .run(
                            () ->
                                FileErrors.guarded(
                                    "count",
                                    WorkspacePath.ROOT,
                                    () -> files.measure(WorkspacePath.ROOT)))
                        .compose(all -> books.count(owner, version, all, false))
                        .map(
                            counted -> {
                              if (counted != Books.NONE) {
                                versions.put(owner.address(), counted);
                              }
                              return counted == Books.NONE ? version : counted;
                            }));
  }

  private final class Run<R> {
    private final Owner owner;
    private final WorkspaceFiles files;
    private final Task<R> task;
    private final Limits most;
    private final String turn = UUID.randomUUID().toString();
    private final long startedNanos = System.nanoTime();

    Run(Owner owner, WorkspaceFiles files, Task<R> task, Limits most) {
      this.owner = owner;
      this.files = files;
      this.task = task;
      this.most = most;
    }

    private record Measured(Tally before, Tally growth) {}

    Future<R> attempt(int left) {
      if (left == 0) {
        return Future.failedFuture(contended());
      }
      return counted(owner, files)
          .compose(
              version ->
                  onDisk(this::prepare)
                      .compose(
                          measured ->
                              books
                                  .book(
                                      owner,
                                      version,
                                      turn,
                                      measured.growth,
                                      most,
                                      new Intent(
                                          process,
                                          task.change.staged(),
                                          task.change.touched(),
                                          measured.before))
                                  .compose(booking -> booked(booking, version, measured, left))));
    }

    private Measured prepare() throws IOException {
      Tally before = files.measure(task.change.touched());
      Tally after = task.change.prepare(before);
      return new Measured(before, after.minus(before).growth());
    }

    private Future<R> booked(Booking booking, long version, Measured measured, int left) {
      if (booking instanceof Booking.Booked) {
        return perform(measured.before);
      }
      if (booking instanceof Booking.Full full) {
        refused.incrementAndGet();
        return Future.failedFuture(Books.full(owner, full, measured.growth, most));
      }
      if (booking instanceof Booking.Open open) {
        return mayEnd(open)
            ? end(open).compose(ended -> attempt(left - 1))
            : pause().compose(waited -> attempt(left));
      }
      if (booking instanceof Booking.Counted counted && counted.version() > version && !alone) {
        versions.put(owner.address(), counted.version());
      } else {
        versions.invalidate(owner.address());
      }
      return attempt(left - 1);
    }

    private Future<R> perform(Tally before) {
      return workers
          .run(
              () -> {
                R done = null;
                RuntimeException failure = null;
                try {
                  done = FileErrors.guarded(task.verb, task.path, () -> task.change.perform());
                } catch (RuntimeException e) {
                  failure = e;
                }
                Tally after =
                    FileErrors.guarded(
                        "measure", task.path, () -> files.measure(task.change.touched()));
                return new Performed<>(done, failure, after.minus(before));
              })
          .onFailure(failure -> versions.invalidate(owner.address()))
          .compose(
              performed ->
                  settle(turn, performed.added)
                      .compose(
                          settled ->
                              performed.failure == null
                                  ? Future.succeededFuture(performed.done)
                                  : Future.failedFuture(performed.failure)));
    }

    private Future<Void> settle(String which, Tally added) {
      return books
          .settle(owner, which, added)
          .onFailure(failure -> versions.invalidate(owner.address()))
          .map(
              version -> {
                if (version == Books.NONE) {
                  LOG.warn(
                      "a change of {} took too long and was ended by another", owner.address());
                  versions.invalidate(owner.address());
                } else {
                  versions.put(owner.address(), version);
                }
                return null;
              });
    }

    /** A change of this process has ended, as its changes of one agent come one at a time. */
    private boolean mayEnd(Booking.Open open) {
      return alone || open.leftMs() <= 0 || open.intent().process().equals(process);
    }

    private Future<Void> end(Booking.Open open) {
      recovered.incrementAndGet();
      LOG.info("ending a change of {} that was left open", owner.address());
      Intent intent = open.intent();
      return onDisk(
              () -> {
                if (!intent.staged().isEmpty()) {
                  files.staging().remove(intent.staged());
                }
                return files.measure(intent.touched()).minus(intent.before());
              })
          .compose(added -> settle(open.turn(), added))
          .onSuccess(ended -> versions.invalidate(owner.address()));
    }

    private Future<Void> pause() {
      if (System.nanoTime() - startedNanos > PATIENCE_MS * 1_000_000) {
        return Future.failedFuture(contended());
      }
      Promise<Void> waited = Promise.promise();
      vertx.setTimer(POLL_MS, over -> waited.complete());
      return waited.future();
    }

    private <T> Future<T> onDisk(OpenDirectory.Work<T> work) {
      return workers.run(() -> FileErrors.guarded(task.verb, task.path, work));
    }

    private ParleyException contended() {
      return new ParleyException(
              ErrorCode.UNAVAILABLE,
              "another node changes files of %s; nothing was changed, try again"
                  .formatted(owner.address()))
          .retryAfter(500);
    }
  }

  private record Performed<R>(@Nullable R done, @Nullable RuntimeException failure, Tally added) {}
}
