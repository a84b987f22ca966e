package dev.parley.hub.cluster;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A bounded cache of what Redis says, dropped when an announcement says that it changed.
 *
 * <p>A value that was being loaded while anything was invalidated is handed to its caller and not
 * kept, so that a stale value cannot slip in behind an invalidation. A hit is a completed future
 * without a context: it costs no allocation and its handlers run at once on the calling thread.
 */
public final class NodeCache<K, V> {
  private final Cache<K, Future<V>> values;
  private final AtomicLong invalidations = new AtomicLong();
  private final Function<K, Future<V>> loader;

  /**
   * Makes an empty cache.
   *
   * @param size how many values it keeps
   * @param loader reads a value; failures are not kept
   */
  public NodeCache(long size, Function<K, Future<V>> loader) {
    this.values =
        Caffeine.newBuilder().maximumSize(size).expireAfterWrite(Duration.ofMinutes(5)).build();
    this.loader = loader;
  }

  public Future<V> get(K key) {
    Future<V> hit = values.getIfPresent(key);
    if (hit != null) {
      return hit;
    }
    long before = invalidations.get();
    return loader
        .apply(key)
        .onSuccess(
            value -> {
              if (invalidations.get() == before) {
                values.put(key, Future.succeededFuture(value));
                if (invalidations.get() != before) {
                  values.invalidate(key);
                }
              }
            });
  }

  /** The value if it is here, without loading it. */
  public @Nullable V peek(K key) {
    Future<V> hit = values.getIfPresent(key);
    return hit == null ? null : hit.result();
  }

  public void invalidate(K key) {
    invalidations.incrementAndGet();
    values.invalidate(key);
  }

  /** Drops every key that {@code stale} says so of. */
  public void invalidateIf(Predicate<K> stale) {
    invalidations.incrementAndGet();
    values.asMap().keySet().removeIf(stale);
  }

  public void invalidateAll() {
    invalidations.incrementAndGet();
    values.invalidateAll();
  }
}
