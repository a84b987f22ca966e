package dev.parley.hub.cluster;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Which nodes have something: a link to an agent, or sessions of a tenant. Each entry is a lease:
 * it ends by itself unless the node renews it, so a node that fell silent is forgotten. Bounded;
 * thread-safe.
 */
public final class Leases<K> {
  private final Duration lease;
  private final LongSupplier nanoTime;
  private final Cache<K, Map<String, Long>> ends;

  /**
   * Without entries.
   *
   * @param max entries that are kept
   */
  public Leases(Duration lease, int max, LongSupplier nanoTime) {
    this.lease = lease;
    this.nanoTime = nanoTime;
    this.ends = Caffeine.newBuilder().maximumSize(max).expireAfterWrite(lease).build();
  }

  /** The node has it, for the time of a lease from now; whether that is news. */
  public boolean renew(K key, String node) {
    boolean known = nodesOf(key).contains(node);
    long end = nanoTime.getAsLong() + lease.toNanos();
    ends.asMap()
        .compute(
            key,
            (same, present) -> {
              Map<String, Long> nodes = present == null ? new HashMap<>() : new HashMap<>(present);
              nodes.put(node, end);
              return Map.copyOf(nodes);
            });
    return !known;
  }

  public void drop(K key, String node) {
    ends.asMap()
        .computeIfPresent(
            key,
            (same, present) -> {
              Map<String, Long> nodes = new HashMap<>(present);
              nodes.remove(node);
              return nodes.isEmpty() ? null : Map.copyOf(nodes);
            });
  }

  /** Forgets all that other nodes than these have said. */
  public void keepOnly(Set<String> nodes) {
    for (Map.Entry<K, Map<String, Long>> entry : ends.asMap().entrySet()) {
      for (String node : entry.getValue().keySet()) {
        if (!nodes.contains(node)) {
          drop(entry.getKey(), node);
        }
      }
    }
  }

  /** The nodes that have it, in no order. */
  public List<String> nodesOf(K key) {
    Map<String, Long> nodes = ends.getIfPresent(key);
    if (nodes == null) {
      return List.of();
    }
    long now = nanoTime.getAsLong();
    return nodes.entrySet().stream()
        .filter(entry -> entry.getValue() - now > 0)
        .map(Map.Entry::getKey)
        .toList();
  }
}
