package dev.parley.hub.audit;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.audit.AuditChain;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Appends to one log, one batch after the other: it computes the hashes on what it takes for the
 * head, and Redis refuses them when another node was quicker.
 */
final class AuditWriter {
  private static final Script APPEND = Script.replicated("audit-append");
  private static final int LARGEST_BATCH = 200;
  private static final int MOST_FAILURES = 3;
  private static final int MOST_CONFLICTS = 100;

  private record Waiting(AuditEntry entry, Promise<Void> written) {}

  private static final class Batch {
    private final String id;
    private final List<Waiting> waiting = new ArrayList<>();
    private int failures;
    private int conflicts;

    Batch(String id) {
      this.id = id;
    }

    void end(AsyncResult<Void> done) {
      for (Waiting each : waiting) {
        if (done.succeeded()) {
          each.written.complete();
        } else {
          each.written.fail(done.cause());
        }
      }
    }
  }

  private final Store store;
  private final TenantScope scope;
  private final Consumer<AuditWriter> onIdle;
  private final Deque<Waiting> queue = new ArrayDeque<>();
  private boolean writing;
  private Future<Void> current = Future.succeededFuture();
  private long seq;
  private String hash = AuditChain.START;

  AuditWriter(Store store, TenantScope scope, Consumer<AuditWriter> onIdle) {
    this.store = store;
    this.scope = scope;
    this.onIdle = onIdle;
  }

  static Key log(TenantScope scope) {
    return scope.key("audit");
  }

  static Key head(TenantScope scope) {
    return scope.key("audit", "head");
  }

  TenantId tenant() {
    return scope.tenant();
  }

  synchronized boolean isIdle() {
    return !writing && queue.isEmpty();
  }

  /** Completes when it has written everything that was added before. */
  synchronized Future<Void> drained() {
    Waiting last = queue.peekLast();
    return last == null ? current : last.written.future();
  }

  void add(AuditEntry entry, Promise<Void> written) {
    synchronized (this) {
      queue.add(new Waiting(entry, written));
      if (writing) {
        return;
      }
      writing = true;
    }
    write();
  }

  private void write() {
    Batch batch = new Batch(UUID.randomUUID().toString());
    synchronized (this) {
      while (!queue.isEmpty() && batch.waiting.size() < LARGEST_BATCH) {
        batch.waiting.add(queue.remove());
      }
      writing = !batch.waiting.isEmpty();
    }
    if (batch.waiting.isEmpty()) {
      onIdle.accept(this);
      return;
    }
    Future<Void> appended = append(batch);
    synchronized (this) {
      current = appended;
    }
    appended.onComplete(
        done -> {
          batch.end(done);
          write();
        });
  }

  private Future<Void> append(Batch batch) {
    List<String> arguments = new ArrayList<>();
    arguments.add(hash);
    arguments.add(Long.toString(seq + 1));
    arguments.add(batch.id);
    arguments.add(Integer.toString(AuditLog.KEPT));
    arguments.add(batch.failures > 0 ? "1" : "0");
    String last = hash;
    long number = seq;
    for (Waiting each : batch.waiting) {
      String text = each.entry.text(++number);
      last = AuditChain.hash(last, text);
      arguments.add(text);
      arguments.add(last);
    }
    String end = last;
    return store
        .run(APPEND, List.of(log(scope), head(scope)), arguments)
        .transform(
            answer ->
                answer.succeeded()
                    ? appended(batch, answer.result(), end)
                    : appendAgain(batch, answer.cause()));
  }

  /** Redis may have appended what it did not answer: it is told to look. */
  private Future<Void> appendAgain(Batch batch, Throwable failure) {
    batch.failures++;
    return batch.failures < MOST_FAILURES ? append(batch) : Future.failedFuture(failure);
  }

  private Future<Void> appended(Batch batch, ScriptResult result, String end) {
    if (result.integer(0) == 1) {
      seq += batch.waiting.size();
      hash = end;
      return Future.succeededFuture();
    }
    seq = result.integer(1);
    hash = result.text(2);
    batch.conflicts++;
    return batch.conflicts < MOST_CONFLICTS
        ? append(batch)
        : Future.failedFuture(
            new ParleyException(
                    ErrorCode.UNAVAILABLE,
                    "other nodes append to the audit log of %s all the time".formatted(tenant()))
                .retryAfter(1_000));
  }
}
