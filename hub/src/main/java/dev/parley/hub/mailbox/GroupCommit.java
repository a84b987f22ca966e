package dev.parley.hub.mailbox;

import dev.parley.hub.store.Caller;
import dev.parley.hub.store.ScriptResult;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Writes of many tenants, together: what comes for a tenant while its last batch is on the way is
 * its next batch, as databases commit to disk. Nothing waits when nothing is on the way. A tenant
 * has one batch of bounded size on the way, whatever it has waiting, so that tenants take turns at
 * the store. Keeps the order of each tenant's writes. Thread-safe; a future completes on its
 * caller's context.
 *
 * @param <T> one write
 */
final class GroupCommit<T> {
  static final int BATCH_WRITES = 128;
  static final int BATCH_BYTES = 256 << 10;

  /** What may wait, for a tenant and for all. */
  static final int TENANT_WRITES = 4_096;

  static final long TENANT_BYTES = 16L << 20;
  static final long ALL_BYTES = 128L << 20;

  private static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long RETRY_AFTER_MS = 1_000;

  /** Writes a batch; answers for each write, in their order. */
  @FunctionalInterface
  interface Writer<T> {
    Future<ScriptResult> write(TenantId tenant, List<T> batch);
  }

  private record Waiting<T>(
      T write, int bytes, long since, Caller caller, Promise<String> promise) {}

  private static final class Lane<T> {
    final ArrayDeque<Waiting<T>> queue = new ArrayDeque<>();
    long bytes;
    boolean scheduled;
    boolean busy;
  }

  private final Writer<T> writer;
  private final Map<TenantId, Lane<T>> lanes = new ConcurrentHashMap<>();
  private final AtomicLong waitingBytes = new AtomicLong();
  private final LongAdder batches = new LongAdder();
  private final LongAdder writes = new LongAdder();

  GroupCommit(Writer<T> writer) {
    this.writer = writer;
  }

  /** Batches that were written. */
  long batches() {
    return batches.sum();
  }

  /** Writes that were in them. */
  long writes() {
    return writes.sum();
  }

  /** What all writes that wait or are on the way take. */
  long waitingBytes() {
    return waitingBytes.get();
  }

  /**
   * Writes one, with others.
   *
   * @param bytes its size, about
   * @return what the writer answered for it; fails as the batch does, or with {@code unavailable}
   *     and the outcome {@code not_done} when too much waits
   */
  Future<String> add(TenantId tenant, T write, int bytes) {
    Waiting<T> waiting =
        new Waiting<>(write, bytes, System.nanoTime(), Caller.current(), Promise.promise());
    if (waitingBytes.addAndGet(bytes) > ALL_BYTES) {
      waitingBytes.addAndGet(-bytes);
      return Future.failedFuture(busy("this hub"));
    }
    AtomicBoolean first = new AtomicBoolean();
    lanes.compute(
        tenant,
        (id, present) -> {
          Lane<T> lane = present == null ? new Lane<>() : present;
          if (lane.queue.size() == TENANT_WRITES || lane.bytes + bytes > TENANT_BYTES) {
            waiting.promise.fail(busy("tenant " + tenant));
          } else {
            lane.queue.add(waiting);
            lane.bytes += bytes;
            first.set(!lane.busy && !lane.scheduled);
            lane.scheduled |= first.get();
          }
          return lane;
        });
    if (waiting.promise.future().failed()) {
      waitingBytes.addAndGet(-bytes);
    } else if (first.get()) {
      soon(tenant);
    }
    return waiting.promise.future();
  }

  /** When what the event loop has read is all here: a client's burst is one batch. */
  private void soon(TenantId tenant) {
    Context context = Vertx.currentContext();
    if (context == null) {
      next(tenant);
    } else {
      context.runOnContext(turn -> next(tenant));
    }
  }

  private void next(TenantId tenant) {
    List<Waiting<T>> batch = new ArrayList<>();
    List<Waiting<T>> late = new ArrayList<>();
    lanes.computeIfPresent(
        tenant,
        (id, lane) -> {
          lane.scheduled = false;
          if (!lane.busy) {
            take(lane, batch, late);
            lane.busy = !batch.isEmpty();
          }
          return lane.busy ? lane : null;
        });
    late.forEach(waiting -> end(waiting, null, busy("the store")));
    if (!batch.isEmpty()) {
      write(tenant, batch);
    }
  }

  private static <T> void take(Lane<T> lane, List<Waiting<T>> batch, List<Waiting<T>> late) {
    long now = System.nanoTime();
    long bytes = 0;
    for (Waiting<T> head = lane.queue.peek(); head != null; head = lane.queue.peek()) {
      boolean inTime = now - head.since < MAX_WAIT_NANOS;
      bytes += inTime ? head.bytes : 0;
      if (batch.size() == BATCH_WRITES || (bytes > BATCH_BYTES && !batch.isEmpty())) {
        return;
      }
      lane.queue.remove();
      lane.bytes -= head.bytes;
      (inTime ? batch : late).add(head);
    }
  }

  private void write(TenantId tenant, List<Waiting<T>> batch) {
    batches.increment();
    writes.add(batch.size());
    Future<ScriptResult> written;
    try {
      written = writer.write(tenant, batch.stream().map(Waiting::write).toList());
    } catch (RuntimeException broken) {
      written = Future.failedFuture(broken);
    }
    written.onComplete(
        result -> {
          lanes.computeIfPresent(
              tenant,
              (id, lane) -> {
                lane.busy = false;
                return lane.queue.isEmpty() ? null : lane;
              });
          next(tenant);
          for (int i = 0; i < batch.size(); i++) {
            end(batch.get(i), result.succeeded() ? result.result().text(i) : null, result.cause());
          }
        });
  }

  private void end(Waiting<T> waiting, @Nullable String answer, @Nullable Throwable failure) {
    waitingBytes.addAndGet(-waiting.bytes);
    waiting.caller.complete(
        waiting.promise,
        failure == null && answer != null
            ? Future.succeededFuture(answer)
            : Future.failedFuture(failure));
  }

  private static ParleyException busy(String whose) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE,
            "%s has too much waiting to be written; try again in a moment".formatted(whose))
        .retryAfter(RETRY_AFTER_MS)
        .with("outcome", "not_done");
  }
}
