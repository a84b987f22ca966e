package dev.parley.hub.audit;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The audit logs: one of each tenant and one of the platform, in Redis under the tenant's hash tag.
 * Any node may append; entries that wait at a node while it appends others of the same log go
 * together the next time.
 *
 * <p>May be called from any thread.
 */
public final class AuditLog {
  /** How many entries of a log are kept; older ones end, and the chain then begins later. */
  public static final int KEPT = 100_000;

  static final int MOST_WAITING = 10_000;
  private static final Script READ = new Script("audit-read");

  private final Store store;
  private final Map<TenantId, AuditWriter> writers = new ConcurrentHashMap<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong lost = new AtomicLong();

  public AuditLog(Store store) {
    this.store = store;
  }

  /**
   * Appends an entry.
   *
   * @return completes when Redis has it, on disk by its policy; fails with {@code unavailable} when
   *     Redis is away for longer than it is tried, or too many wait
   */
  public Future<Void> append(TenantScope scope, AuditEntry entry) {
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      lost.incrementAndGet();
      return Future.failedFuture(
          new ParleyException(
                  ErrorCode.UNAVAILABLE,
                  "%d entries of audit logs wait for the store already".formatted(MOST_WAITING))
              .retryAfter(1_000));
    }
    Promise<Void> written = Promise.promise();
    writers.compute(
        scope.tenant(),
        (tenant, present) -> {
          AuditWriter writer =
              present == null ? new AuditWriter(store, scope, this::retire) : present;
          writer.add(entry, written);
          return writer;
        });
    return written
        .future()
        .onComplete(
            done -> {
              waiting.decrementAndGet();
              if (done.failed()) {
                lost.incrementAndGet();
              }
            });
  }

  private void retire(AuditWriter writer) {
    writers.computeIfPresent(
        writer.tenant(), (tenant, present) -> writer.isIdle() ? null : present);
  }

  /**
   * Entries in their order.
   *
   * @param after those after this number; below 0 the last ones
   */
  public Future<AuditPage> read(TenantScope scope, long after, int limit) {
    return store
        .run(
            READ,
            List.of(AuditWriter.log(scope), AuditWriter.head(scope)),
            List.of(Long.toString(after), Integer.toString(limit)))
        .map(AuditLog::page);
  }

  private static AuditPage page(ScriptResult result) {
    List<AuditPage.Row> rows = new ArrayList<>();
    for (int i = 3; i + 1 < result.size(); i += 2) {
      rows.add(new AuditPage.Row(result.text(i), result.text(i + 1)));
    }
    return new AuditPage(result.integer(0), result.text(1), result.text(2), rows);
  }

  /** Completes when nothing waits to be written. */
  public Future<Void> written() {
    return Future.join(writers.values().stream().map(AuditWriter::drained).toList())
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  /** Entries that could not be written. */
  public long lost() {
    return lost.get();
  }

  /** Entries that are not written yet. */
  public int waiting() {
    return waiting.get();
  }
}
