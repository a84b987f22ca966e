package dev.parley.hub.agent.relay;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.protocol.address.AgentAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Which nodes have links to the agents whose place is here. Each entry is a lease: it ends by
 * itself unless the node renews it, so a node that fell silent is forgotten. Bounded; thread-safe.
 */
final class LinkLeases {
  private final Duration lease;
  private final LongSupplier nanoTime;
  private final Cache<AgentAddress, Map<String, Long>> ends;

  LinkLeases(Duration lease, int max, LongSupplier nanoTime) {
    this.lease = lease;
    this.nanoTime = nanoTime;
    this.ends = Caffeine.newBuilder().maximumSize(max).expireAfterWrite(lease).build();
  }

  /** The node has a link to the agent, for the time of a lease from now; whether that is news. */
  boolean renew(AgentAddress agent, String node) {
    boolean known = nodesOf(agent).contains(node);
    long end = nanoTime.getAsLong() + lease.toNanos();
    ends.asMap()
        .compute(
            agent,
            (key, present) -> {
              Map<String, Long> nodes = present == null ? new HashMap<>() : new HashMap<>(present);
              nodes.put(node, end);
              return Map.copyOf(nodes);
            });
    return !known;
  }

  void drop(AgentAddress agent, String node) {
    ends.asMap()
        .computeIfPresent(
            agent,
            (key, present) -> {
              Map<String, Long> nodes = new HashMap<>(present);
              nodes.remove(node);
              return nodes.isEmpty() ? null : Map.copyOf(nodes);
            });
  }

  /** Forgets all that other nodes than these have said. */
  void keepOnly(Set<String> nodes) {
    for (Map.Entry<AgentAddress, Map<String, Long>> entry : ends.asMap().entrySet()) {
      for (String node : entry.getValue().keySet()) {
        if (!nodes.contains(node)) {
          drop(entry.getKey(), node);
        }
      }
    }
  }

  /** The nodes with a link, in no order. */
  List<String> nodesOf(AgentAddress agent) {
    Map<String, Long> nodes = ends.getIfPresent(agent);
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
