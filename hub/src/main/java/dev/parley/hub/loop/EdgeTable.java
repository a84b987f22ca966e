package dev.parley.hub.loop;

import dev.parley.protocol.address.TenantId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The watched edges, by the tenant of the agent that calls. Bounded and fair: a tenant that has as
 * many as it may loses its own oldest; when the node has as many as it may, those lose that have
 * more than their share. An eighth goes at once, so that room is made rarely. Open edges go last:
 * calling others does not lift a stop.
 */
final class EdgeTable {
  private static final int PART = 8;

  private final int max;
  private final int maxPerTenant;
  private final Function<Edge, WatchedEdge> maker;
  private final Consumer<WatchedEdge> onEvicted;
  private final ConcurrentMap<TenantId, ConcurrentMap<Edge, WatchedEdge>> tenants =
      new ConcurrentHashMap<>();
  private final AtomicInteger size = new AtomicInteger();
  private final LongAdder evicted = new LongAdder();

  EdgeTable(
      int max,
      int maxPerTenant,
      Function<Edge, WatchedEdge> maker,
      Consumer<WatchedEdge> onEvicted) {
    this.max = max;
    this.maxPerTenant = maxPerTenant;
    this.maker = maker;
    this.onEvicted = onEvicted;
  }

  /** The edge; watched from now on if it was not. */
  WatchedEdge of(Edge edge) {
    WatchedEdge known = find(edge);
    return known == null ? add(edge) : known;
  }

  @Nullable WatchedEdge find(Edge edge) {
    ConcurrentMap<Edge, WatchedEdge> own = tenants.get(edge.from().tenant());
    return own == null ? null : own.get(edge);
  }

  Collection<WatchedEdge> of(TenantId tenant) {
    ConcurrentMap<Edge, WatchedEdge> own = tenants.get(tenant);
    return own == null ? List.of() : own.values();
  }

  int size() {
    return size.get();
  }

  long evicted() {
    return evicted.sum();
  }

  private synchronized WatchedEdge add(Edge edge) {
    WatchedEdge raced = find(edge);
    if (raced != null) {
      return raced;
    }
    TenantId tenant = edge.from().tenant();
    if (of(tenant).size() >= maxPerTenant) {
      evict(new ArrayList<>(of(tenant)), Math.max(1, maxPerTenant / PART), 0);
    }
    if (size.get() >= max) {
      makeRoom();
    }
    WatchedEdge made = maker.apply(edge);
    tenants.computeIfAbsent(tenant, t -> new ConcurrentHashMap<>(4)).put(edge, made);
    size.incrementAndGet();
    return made;
  }

  private void makeRoom() {
    int share = Math.max(1, max / tenants.size());
    List<WatchedEdge> candidates = new ArrayList<>();
    for (ConcurrentMap<Edge, WatchedEdge> own : tenants.values()) {
      if (own.size() > share) {
        candidates.addAll(own.values());
      }
    }
    int many = Math.max(1, max / PART);
    if (evict(candidates, many, share) == 0) {
      candidates.clear();
      tenants.values().forEach(own -> candidates.addAll(own.values()));
      evict(candidates, many, 0);
    }
  }

  /** Evicts the oldest of {@code candidates}, and of no tenant so many that it has less left. */
  private int evict(List<WatchedEdge> candidates, int many, int leave) {
    record Ranked(WatchedEdge edge, boolean stopped, long lastAt) {}
    List<Ranked> ranked = new ArrayList<>(candidates.size());
    for (WatchedEdge edge : candidates) {
      synchronized (edge) {
        ranked.add(new Ranked(edge, !edge.circuit().closed(), edge.lastAt()));
      }
    }
    ranked.sort(Comparator.comparing(Ranked::stopped).thenComparingLong(Ranked::lastAt));
    int gone = 0;
    for (Ranked candidate : ranked) {
      if (gone == many) {
        break;
      }
      Edge edge = candidate.edge.edge();
      ConcurrentMap<Edge, WatchedEdge> own = tenants.get(edge.from().tenant());
      if (own != null && own.size() > leave && own.remove(edge, candidate.edge)) {
        gone++;
        size.decrementAndGet();
        evicted.increment();
        onEvicted.accept(candidate.edge);
        if (own.isEmpty()) {
          tenants.remove(edge.from().tenant());
        }
      }
    }
    return gone;
  }
}
