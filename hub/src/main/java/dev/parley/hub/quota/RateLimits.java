package dev.parley.hub.quota;

import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/**
 * Messages per second of a tenant, over all nodes: a token bucket in Redis, spent through leases.
 * In no window of t seconds are more than {@code burst + messagesPerSecond * t} admitted.
 *
 * <p>May be called from any thread.
 */
public final class RateLimits {
  private final LeasedBuckets<TenantId> buckets;

  /** Starts; {@link #close} ends it. */
  public RateLimits(Vertx vertx, Store store) {
    this.buckets = new LeasedBuckets<>(vertx, store, RateLimits::label);
  }

  /**
   * Admits one message of the tenant. Costs no round trip to Redis and no allocation while this
   * node holds permits, which it does for a tenant with traffic that stays below its limit.
   *
   * @param limits those in force now; a change applies from the next call
   * @return fails with {@code rate_limited}, whose details are {@code limit=messages_per_second},
   *     {@code owner}, {@code used} and {@code max} (of the burst), {@code rate} (per second) and
   *     {@code resetsAt} (epoch ms when the next permit is due, absent when the limit is 0); with
   *     {@code unavailable} when no permit is here and Redis is away
   */
  public Future<Void> admit(TenantScope scope, Limits limits) {
    return buckets.admit(
        scope,
        scope.tenant(),
        (double) Limits.value(limits.messagesPerSecond()),
        Limits.value(limits.burst()));
  }

  /** How many tenants have a bucket on this node now. */
  public int activeTenants() {
    return buckets.size();
  }

  public Future<Void> close() {
    return buckets.close();
  }

  private static BucketLabel label(TenantScope scope, TenantId tenant) {
    return new BucketLabel(
        scope.key("rate"),
        "messages_per_second",
        "tenant " + tenant,
        "messages per second",
        1,
        "ask the operator of this hub for a higher plan");
  }
}
