package dev.parley.hub.quota;

import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;

/**
 * The token buckets in use on this node. One that is idle for two seconds is dropped; there are
 * never more than {@value #MAX_BUCKETS}.
 *
 * @param <K> what a bucket belongs to
 */
final class LeasedBuckets<K> {
  static final int MAX_BUCKETS = 200_000;
  private static final long TICK_MS = 200;

  private final Vertx vertx;
  private final Store store;
  private final BiFunction<TenantScope, K, BucketLabel> labels;
  private final Map<K, LeasedBucket> buckets = new ConcurrentHashMap<>();
  private final long timer;

  LeasedBuckets(Vertx vertx, Store store, BiFunction<TenantScope, K, BucketLabel> labels) {
    this.vertx = vertx;
    this.store = store;
    this.labels = labels;
    this.timer = vertx.setPeriodic(TICK_MS, id -> tick());
  }

  Future<Void> admit(TenantScope scope, K key, double ratePerSecond, long burst) {
    long nanos = System.nanoTime();
    LeasedBucket bucket = buckets.get(key);
    if (bucket != null && bucket.trySpend(ratePerSecond, burst, nanos)) {
      return Future.succeededFuture();
    }
    if (ratePerSecond <= 0 || burst <= 0) {
      return Future.failedFuture(labels.apply(scope, key).nothingPermitted());
    }
    return ask(scope, key, ratePerSecond, burst, nanos);
  }

  private Future<Void> ask(TenantScope scope, K key, double rate, long burst, long nanos) {
    while (true) {
      LeasedBucket bucket = buckets.get(key);
      if (bucket == null) {
        if (buckets.size() >= MAX_BUCKETS) {
          return Future.failedFuture(
              new ParleyException(
                      ErrorCode.UNAVAILABLE,
                      "this node serves %d rate limits already; try again in a moment"
                          .formatted(MAX_BUCKETS))
                  .retryAfter(1_000));
        }
        String holder = Long.toString(ThreadLocalRandom.current().nextLong(1L << 52), 36);
        LeasedBucket made = new LeasedBucket(store, labels.apply(scope, key), holder, nanos);
        LeasedBucket other = buckets.putIfAbsent(key, made);
        bucket = other == null ? made : other;
      }
      Future<Void> admitted = bucket.admit(rate, burst, nanos);
      if (admitted != null) {
        return admitted;
      }
      buckets.remove(key, bucket);
    }
  }

  int size() {
    return buckets.size();
  }

  private void tick() {
    long nanos = System.nanoTime();
    buckets.values().removeIf(bucket -> bucket.tick(nanos));
  }

  /** Stops, and gives all leases back as far as Redis can be reached. */
  Future<Void> close() {
    vertx.cancelTimer(timer);
    long nanos = System.nanoTime();
    List<Future<Void>> givenBack = new ArrayList<>();
    buckets.values().forEach(bucket -> givenBack.add(bucket.giveBack(nanos)));
    buckets.clear();
    return Future.join(givenBack).<Void>mapEmpty().otherwiseEmpty();
  }
}
