package dev.parley.hub.audit;

import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the first of equal refusals at once and counts the others, which become one entry after a
 * while: somebody who is refused a thousand times a second fills nobody's log.
 *
 * <p>May be called from any thread.
 */
public final class RepeatedRefusals {
  private static final Logger LOG = LoggerFactory.getLogger(RepeatedRefusals.class);
  private static final int MOST = 10_000;
  private static final long LOOK_MS = 1_000;

  /** Refusals that count as equal: what they were about is at the choice of who was refused. */
  private record Kind(TenantId tenant, AuditEntry.Actor actor, String operation, String code) {}

  private static final class Tally {
    private final TenantScope scope;
    private final AuditEntry first;
    private final long nanos;
    private long more;

    Tally(TenantScope scope, AuditEntry first, long nanos) {
      this.scope = scope;
      this.first = first;
      this.nanos = nanos;
    }
  }

  private final Vertx vertx;
  private final AuditLog log;
  private final Clock clock;
  private final long windowNanos;
  private final Map<Kind, Tally> tallies = new ConcurrentHashMap<>();
  private final AtomicLong uncounted = new AtomicLong();
  private final long timer;

  /**
   * Starts; {@link #close} ends it.
   *
   * @param windowMs how long equal refusals are counted before they are written
   */
  public RepeatedRefusals(Vertx vertx, AuditLog log, Clock clock, long windowMs) {
    this.vertx = vertx;
    this.log = log;
    this.clock = clock;
    this.windowNanos = TimeUnit.MILLISECONDS.toNanos(windowMs);
    this.timer = vertx.setPeriodic(Math.min(LOOK_MS, windowMs), id -> look());
  }

  /** Takes note of a refusal, which has a code. */
  public void add(TenantScope scope, AuditEntry refusal) {
    Kind kind =
        new Kind(
            scope.tenant(), refusal.actor(), refusal.operation(), String.valueOf(refusal.code()));
    boolean full = tallies.size() >= MOST;
    boolean[] isFirst = new boolean[1];
    tallies.compute(
        kind,
        (key, tally) -> {
          if (tally != null) {
            tally.more++;
            return tally;
          }
          isFirst[0] = !full;
          return full ? null : new Tally(scope, refusal, System.nanoTime());
        });
    if (isFirst[0]) {
      write(scope, refusal);
    } else if (full) {
      uncounted.incrementAndGet();
    }
  }

  private void look() {
    long now = System.nanoTime();
    Iterator<Map.Entry<Kind, Tally>> all = tallies.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Kind, Tally> entry = all.next();
      if (now - entry.getValue().nanos >= windowNanos) {
        tallies.computeIfPresent(entry.getKey(), (kind, tally) -> end(tally));
      }
    }
  }

  private @Nullable Tally end(Tally tally) {
    if (tally.more > 0) {
      write(tally.scope, tally.first.repeated(clock.millis(), tally.more));
    }
    return null;
  }

  private void write(TenantScope scope, AuditEntry entry) {
    log.append(scope, entry)
        .onFailure(
            e -> LOG.warn("a refusal is missing in the audit log of {}: {}", scope.tenant(), e));
  }

  /** Refusals that were neither written nor counted, because there were too many kinds of them. */
  public long uncounted() {
    return uncounted.get();
  }

  public void close() {
    vertx.cancelTimer(timer);
    tallies.forEach((kind, tally) -> tallies.computeIfPresent(kind, (key, last) -> end(last)));
  }
}
