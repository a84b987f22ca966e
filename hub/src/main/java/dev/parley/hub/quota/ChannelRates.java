package dev.parley.hub.quota;

import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/**
 * Calls per minute through a channel, over all nodes; works as {@link RateLimits} does, with a
 * burst of one minute's calls.
 */
public final class ChannelRates {
  private record Channel(TenantId tenant, String id) {}

  private final LeasedBuckets<Channel> buckets;

  /** Starts; {@link #close} ends it. */
  public ChannelRates(Vertx vertx, Store store) {
    this.buckets = new LeasedBuckets<>(vertx, store, ChannelRates::label);
  }

  /**
   * Admits one call.
   *
   * @param scope of the tenant in whose keys the channel's calls are counted: always the same side
   * @param callsPerMinute refill and size of the bucket
   * @return fails as {@link RateLimits#admit} does, with the limit {@code calls_per_minute} of the
   *     owner {@code channel <id>}
   */
  public Future<Void> admit(TenantScope scope, String channelId, long callsPerMinute) {
    return buckets.admit(
        scope, new Channel(scope.tenant(), channelId), callsPerMinute / 60.0, callsPerMinute);
  }

  public Future<Void> close() {
    return buckets.close();
  }

  private static BucketLabel label(TenantScope scope, Channel channel) {
    return new BucketLabel(
        scope.key("rate", channel.id),
        "calls_per_minute",
        "channel " + channel.id,
        "calls per minute",
        60,
        "agree on a channel with a higher limit");
  }
}
