package dev.parley.hub.quota;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One token bucket of Redis as this node sees it: a {@link Lease} that any thread spends without a
 * lock, and behind it, when that is empty, callers that wait for the one request in flight.
 *
 * <p>A bucket that was quiet leases nothing in stock: each batch of callers asks for just its
 * permits. After half a second of traffic it stocks about 250 ms of its pace, at most a quarter of
 * the burst, fetches more when half of that is spent, and gives back what it did not need. Once
 * Redis has said that the bucket is empty, callers are refused here until the next permit is due,
 * at most 50 ms: a flood costs Redis no more requests than the tenant has permits, and never more
 * than one each millisecond.
 */
final class LeasedBucket {
  static final long LEASE_MS = 1_000;
  static final int MAX_WAITING = 20_000;

  private static final Script SCRIPT = new Script("rate-lease");
  private static final long LEASE_NANOS = TimeUnit.MILLISECONDS.toNanos(LEASE_MS);
  private static final long GIVE_BACK_NANOS = TimeUnit.MILLISECONDS.toNanos(400);
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long MAX_REFUSING_MS = 50;
  private static final double STOCK_SECONDS = 0.25;

  private record Waiter(Promise<Void> promise, @Nullable Context context) {}

  private record Ask(
      double rate, long burst, long kept, long returned, int wanted, long stock, long sentNanos) {}

  /** What Redis last said of an empty bucket. */
  private record Empty(
      double rate, long burst, long used, long waitMs, long resetsAt, long toldNanos) {
    boolean holds(double nowRate, long nowBurst, long nanos) {
      long forMs = Math.min(waitMs, MAX_REFUSING_MS);
      return rate == nowRate
          && burst == nowBurst
          && nanos - toldNanos < TimeUnit.MILLISECONDS.toNanos(forMs);
    }

    ParleyException refusal(BucketLabel label, long nanos) {
      long left = waitMs - TimeUnit.NANOSECONDS.toMillis(nanos - toldNanos);
      return label.refusal(rate, burst, used, Math.max(1, left), resetsAt);
    }
  }

  private final Store store;
  private final BucketLabel label;
  private final String holder;
  private volatile Lease lease = Lease.NONE;
  private volatile @Nullable Empty empty;

  // Guarded by this.
  private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
  private double rate;
  private long burst;
  private boolean inFlight;
  private boolean retired;
  private long taken;
  private double pace;
  private long windowSpent;
  private long windowNanos;
  private long usedNanos;

  LeasedBucket(Store store, BucketLabel label, String holder, long nanos) {
    this.store = store;
    this.label = label;
    this.holder = holder;
    this.windowNanos = nanos;
    this.usedNanos = nanos;
  }

  BucketLabel label() {
    return label;
  }

  /** Spends a permit that is here; touches neither Redis nor a lock. */
  boolean trySpend(double wantedRate, long wantedBurst, long nanos) {
    Lease current = lease;
    if (!current.isFor(wantedRate, wantedBurst) || current.endedBy(nanos)) {
      return false;
    }
    long left = current.spend();
    if (left >= 0 && current.isLow(left)) {
      send(prepareStock(nanos));
    }
    return left >= 0;
  }

  /** Admits one call now or when Redis has answered; null when this bucket is out of use. */
  @Nullable Future<Void> admit(double wantedRate, long wantedBurst, long nanos) {
    Empty known = empty;
    if (known != null && known.holds(wantedRate, wantedBurst, nanos)) {
      return Future.failedFuture(known.refusal(label, nanos));
    }
    Promise<Void> promise = Promise.promise();
    Ask ask = null;
    synchronized (this) {
      if (retired) {
        return null;
      }
      rate = wantedRate;
      burst = wantedBurst;
      usedNanos = nanos;
      Lease current = lease;
      if (current.isFor(rate, burst) && !current.endedBy(nanos) && current.spend() >= 0) {
        return Future.succeededFuture();
      }
      if (waiting.size() >= MAX_WAITING) {
        return Future.failedFuture(label.crowded(MAX_WAITING));
      }
      waiting.add(new Waiter(promise, Vertx.currentContext()));
      if (!inFlight) {
        ask = prepare(nanos, stock());
      }
    }
    send(ask);
    return promise.future();
  }

  /**
   * Measures the pace, renews or gives back a lease that is about to end.
   *
   * @return whether this bucket is idle, and now out of use
   */
  boolean tick(long nanos) {
    Ask ask = null;
    synchronized (this) {
      long spent = taken - lease.permits();
      if (spent != windowSpent) {
        usedNanos = nanos;
      }
      if (nanos - windowNanos >= WINDOW_NANOS) {
        pace = (spent - windowSpent) * 1e9 / (nanos - windowNanos);
        windowSpent = spent;
        windowNanos = nanos;
      }
      if (inFlight) {
        return false;
      }
      if (lease.permits() > 0) {
        if (lease.endNanos() - nanos < GIVE_BACK_NANOS) {
          ask = prepare(nanos, stock());
        }
      } else if (nanos - usedNanos > IDLE_NANOS) {
        retired = true;
        return true;
      }
    }
    send(ask);
    return false;
  }

  /** Gives back what is leased. */
  Future<Void> giveBack(long nanos) {
    Ask ask;
    synchronized (this) {
      if (inFlight || lease.permits() == 0) {
        return Future.succeededFuture();
      }
      ask = prepare(nanos, 0);
    }
    return send(ask);
  }

  private synchronized @Nullable Ask prepareStock(long nanos) {
    return inFlight || retired || stock() == 0 ? null : prepare(nanos, stock());
  }

  /** How many permits to hold at this pace. */
  private long stock() {
    double ahead = pace * STOCK_SECONDS;
    return ahead < 2 ? 0 : Math.min(burst / 4, (long) Math.ceil(ahead));
  }

  private Ask prepare(long nanos, long stock) {
    Lease current = lease;
    long kept = 0;
    long returned = 0;
    if (stock > 0 && current.isFor(rate, burst) && !current.endedBy(nanos)) {
      kept = current.permits();
    } else {
      returned = current.close();
      taken -= returned;
      lease = Lease.NONE;
    }
    inFlight = true;
    return new Ask(rate, burst, kept, returned, waiting.size(), Math.max(0, stock - kept), nanos);
  }

  private Future<Void> send(@Nullable Ask ask) {
    if (ask == null) {
      return Future.succeededFuture();
    }
    return store
        .run(
            SCRIPT,
            List.of(label.key()),
            List.of(
                holder,
                Double.toString(ask.rate),
                Long.toString(ask.burst),
                Long.toString(ask.kept),
                Long.toString(ask.returned),
                Integer.toString(ask.wanted),
                Long.toString(ask.stock),
                Long.toString(LEASE_MS)))
        .onComplete(answer -> send(answered(ask, answer)))
        .mapEmpty();
  }

  private @Nullable Ask answered(Ask ask, AsyncResult<ScriptResult> answer) {
    List<Waiter> admitted = new ArrayList<>();
    List<Waiter> refused = new ArrayList<>();
    Throwable failure = answer.cause();
    Ask next = null;
    long nanos = System.nanoTime();
    synchronized (this) {
      inFlight = false;
      if (failure != null) {
        refused.addAll(waiting);
        waiting.clear();
      } else {
        ScriptResult result = answer.result();
        int granted = (int) result.integer(0);
        renew(ask, granted, result.integer(1), result.integer(2) == 1);
        move(granted, admitted);
        if (granted < ask.wanted) {
          long waitMs = result.integer(3);
          long resetsAt = result.integer(5) + waitMs;
          Empty told = new Empty(ask.rate, ask.burst, result.integer(4), waitMs, resetsAt, nanos);
          failure = told.refusal(label, nanos);
          empty = told;
          move(ask.wanted - granted, refused);
        }
        while (!waiting.isEmpty() && lease.isFor(rate, burst) && lease.spend() >= 0) {
          move(1, admitted);
        }
        if (!waiting.isEmpty()) {
          next = prepare(nanos, stock());
        }
      }
    }
    complete(admitted, null);
    complete(refused, failure);
    return next;
  }

  /** Puts what was granted in stock together with what is left; guarded by this. */
  private void renew(Ask ask, int granted, long stocked, boolean keptIsOurs) {
    long left = lease.close();
    long owned = keptIsOurs ? left : 0;
    taken += granted + stocked - (left - owned);
    lease =
        owned + stocked == 0
            ? Lease.NONE
            : new Lease(ask.rate, ask.burst, owned + stocked, ask.sentNanos + LEASE_NANOS);
  }

  private void move(int count, List<Waiter> to) {
    for (int i = 0; i < count; i++) {
      to.add(waiting.remove());
    }
  }

  private static void complete(List<Waiter> waiters, @Nullable Throwable failure) {
    for (Waiter waiter : waiters) {
      if (waiter.context == null) {
        complete(waiter.promise, failure);
      } else {
        waiter.context.runOnContext(v -> complete(waiter.promise, failure));
      }
    }
  }

  private static void complete(Promise<Void> promise, @Nullable Throwable failure) {
    if (failure == null) {
      promise.complete();
    } else {
      promise.fail(failure);
    }
  }
}
