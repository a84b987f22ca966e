package dev.parley.hub.quota;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts messages in memory and adds them to Redis in batches, one in flight for each tenant. A
 * batch whose answer was lost is sent again under its number, which Redis remembers, so that it is
 * added once. While Redis is away counts gather here, in at most {@value #MAX_ROWS} rows; beyond
 * that they go to the row of their tenant alone, and when that is not there either they are lost
 * and the loss is logged.
 */
final class Counts {
  static final int MAX_ROWS = 100_000;
  private static final Logger LOG = LoggerFactory.getLogger(Counts.class);
  private static final Script COUNT = new Script("ledger-count");
  private static final long FLUSH_MS = 250;
  private static final int MAX_ATTEMPTS = 3;
  private static final int MAX_IN_FLIGHT = 256;
  private static final int MAX_FIELDS = 3_000;
  private static final Counter[] COUNTERS = Counter.values();

  private record RowId(TenantId tenant, @Nullable AgentId agent, @Nullable String channel) {}

  /**
   * Numbers by {@link Counter}. Once it is retired, whoever added to it takes back what the final
   * drain did not see.
   */
  private static final class Row {
    private final TenantScope scope;
    private final AtomicLongArray numbers = new AtomicLongArray(COUNTERS.length);
    private volatile boolean retired;

    Row(TenantScope scope) {
      this.scope = scope;
    }
  }

  /** What is on its way to Redis for one tenant. */
  private static final class Batch {
    private final TenantScope scope;
    private final long number;
    private final Map<String, Long> fields;
    private long day;
    private boolean sent;

    Batch(TenantScope scope, long number, long day) {
      this.scope = scope;
      this.number = number;
      this.day = day;
      this.fields = new HashMap<>();
    }

    void add(String field, long count) {
      fields.merge(field, count, Long::sum);
    }
  }

  private final Vertx vertx;
  private final Store store;
  private final RedisClock clock;
  private final String node = Long.toString(ThreadLocalRandom.current().nextLong(1L << 52), 36);
  private final AtomicLong lastNumber = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private final Map<RowId, Row> rows = new ConcurrentHashMap<>();
  private final Map<TenantId, Batch> unsent = new ConcurrentHashMap<>();
  private final long timer;
  private Future<Void> flushing = Future.succeededFuture();

  Counts(Vertx vertx, Store store, RedisClock clock) {
    this.vertx = vertx;
    this.store = store;
    this.clock = clock;
    this.timer = vertx.setPeriodic(FLUSH_MS, id -> flushAgain());
  }

  void count(
      TenantScope scope, @Nullable AgentId agent, @Nullable String channel, Counter counter) {
    add(new RowId(scope.tenant(), agent, channel), scope, counter.place(), 1);
  }

  private void add(RowId id, TenantScope scope, int counter, long count) {
    long left = count;
    while (left > 0) {
      Row row = rows.get(id);
      if (row == null) {
        row = newRow(id, scope);
        if (row == null) {
          lost.addAndGet(left);
          return;
        }
      }
      row.numbers.addAndGet(counter, left);
      left = row.retired ? row.numbers.getAndSet(counter, 0) : 0;
    }
  }

  private @Nullable Row newRow(RowId id, TenantScope scope) {
    if (rows.size() >= MAX_ROWS) {
      return rows.get(new RowId(id.tenant, null, null));
    }
    return rows.computeIfAbsent(id, absent -> new Row(scope));
  }

  private void flushAgain() {
    synchronized (this) {
      if (!flushing.isComplete()) {
        return;
      }
    }
    flush().onFailure(e -> LOG.warn("counts of messages wait: {}", e.getMessage()));
    long gone = lost.getAndSet(0);
    if (gone > 0) {
      LOG.error("{} counts of messages are lost: {} rows wait for Redis", gone, MAX_ROWS);
    }
  }

  Future<Void> flush() {
    return flush(null);
  }

  /** Writes what was counted before this call, of one tenant or of all. */
  synchronized Future<Void> flush(@Nullable TenantId only) {
    flushing = flushing.transform(before -> write(only));
    return flushing;
  }

  private Future<Void> write(@Nullable TenantId only) {
    rows.forEach(
        (id, row) -> {
          if (only == null || only.equals(id.tenant)) {
            drain(id, row);
          }
        });
    List<Batch> batches = new ArrayList<>();
    unsent.forEach(
        (tenant, batch) -> {
          if (only == null || only.equals(tenant)) {
            batches.add(batch);
          }
        });
    return send(batches.iterator());
  }

  private Future<Void> send(Iterator<Batch> batches) {
    List<Future<Void>> sent = new ArrayList<>();
    while (batches.hasNext() && sent.size() < MAX_IN_FLIGHT) {
      Batch batch = batches.next();
      if (batch.fields.isEmpty()) {
        unsent.remove(batch.scope.tenant(), batch);
        continue;
      }
      batch.sent = true;
      sent.add(send(batch, MAX_ATTEMPTS));
    }
    Future<Void> all = Future.join(sent).mapEmpty();
    return batches.hasNext() ? all.compose(v -> send(batches)) : all;
  }

  private void drain(RowId id, Row row) {
    Batch batch =
        unsent.computeIfAbsent(
            id.tenant, tenant -> new Batch(row.scope, lastNumber.incrementAndGet(), clock.today()));
    if (batch.sent || batch.fields.size() >= MAX_FIELDS) {
      return;
    }
    boolean idle = true;
    for (int i = 0; i < COUNTERS.length; i++) {
      idle &= row.numbers.get(i) == 0;
    }
    if (idle) {
      row.retired = true;
      rows.remove(id, row);
    }
    for (Counter counter : COUNTERS) {
      long count = row.numbers.getAndSet(counter.place(), 0);
      if (count > 0) {
        String field = counter.field();
        batch.add(field, count);
        if (id.agent != null) {
          batch.add(Books.ofAgent(field, id.agent.value()), count);
        }
        if (id.channel != null) {
          batch.add(Books.ofChannel(field, id.channel), count);
        }
      }
    }
  }

  private Future<Void> send(Batch batch, int attempts) {
    List<String> arguments = new ArrayList<>();
    arguments.add(Long.toString(batch.day));
    arguments.add(Long.toString(Books.DAYS_KEPT.toMillis()));
    arguments.add(node);
    arguments.add(Long.toString(batch.number));
    batch.fields.forEach(
        (field, count) -> {
          arguments.add(field);
          arguments.add(Long.toString(count));
        });
    return store
        .run(COUNT, List.of(Books.day(batch.scope, batch.day)), arguments)
        .compose(
            result -> {
              clock.observe(result.integer(1));
              if (result.text(0).equals("day") && attempts > 1) {
                batch.day = clock.today();
                return send(batch, attempts - 1);
              }
              unsent.remove(batch.scope.tenant(), batch);
              return Future.succeededFuture();
            });
  }

  Future<Void> close() {
    vertx.cancelTimer(timer);
    return flush().compose(v -> flush());
  }
}
