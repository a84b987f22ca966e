package dev.parley.hub.loop;

import dev.parley.protocol.address.AgentAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The edges on which nothing new is said, by the agent they leave. One of them alone is a poller,
 * which is none of our business; a ring of them that keeps pace is a loop. Messages of a loop pass
 * each of its edges equally often, whatever their delays; those of independent pollers do not. An
 * agent that writes to itself is a ring of one, but for a slow one, which is a schedule.
 */
final class Suspects {
  private static final int PER_AGENT = 16;
  private static final int MAX_RING = 8;
  private static final int MAX_VISITS = 64;
  private static final int PACE_RATIO = 4;
  private static final int COUNT_RATIO = 2;
  private static final long FINEST_GAP_MS = 20;
  private static final long SCHEDULE_GAP_MS = 10_000;

  private record Step(WatchedEdge edge, int length) {}

  private final ConcurrentMap<AgentAddress, List<WatchedEdge>> byAgent = new ConcurrentHashMap<>();

  /** Adds an edge; of too many that leave one agent, the one that was silent longest goes. */
  void add(WatchedEdge edge) {
    List<WatchedEdge> known = leaving(edge.edge().from());
    if (!known.contains(edge)) {
      byAgent.compute(
          edge.edge().from(),
          (agent, present) -> {
            List<WatchedEdge> all = present == null ? new ArrayList<>() : new ArrayList<>(present);
            if (all.size() >= PER_AGENT) {
              all.remove(Collections.min(all, Comparator.comparingLong(WatchedEdge::lastAt)));
            }
            all.add(edge);
            return List.copyOf(all);
          });
    }
  }

  void remove(WatchedEdge edge) {
    if (leaving(edge.edge().from()).contains(edge)) {
      byAgent.computeIfPresent(
          edge.edge().from(),
          (agent, present) -> {
            List<WatchedEdge> rest = new ArrayList<>(present);
            rest.remove(edge);
            return rest.isEmpty() ? null : List.copyOf(rest);
          });
    }
  }

  /**
   * The shortest ring that {@code closing} closes.
   *
   * @param since when messages must have passed the other edges: in a loop they all have since the
   *     closing one was passed before
   * @return its agents in order, the first one again at the end; empty when there is none
   */
  List<AgentAddress> ring(WatchedEdge closing, long since) {
    AgentAddress home = closing.edge().from();
    if (closing.edge().to().equals(home)) {
      return closing.gapMs() < SCHEDULE_GAP_MS ? List.of(home, home) : List.of();
    }
    Map<AgentAddress, WatchedEdge> reachedBy = new HashMap<>();
    Deque<Step> open = new ArrayDeque<>();
    reachedBy.put(closing.edge().to(), closing);
    open.add(new Step(closing, 1));
    int visits = 0;
    while (!open.isEmpty() && visits < MAX_VISITS) {
      Step step = open.remove();
      if (step.edge.edge().to().equals(home)) {
        return path(closing, step.edge, reachedBy);
      }
      for (WatchedEdge next : leaving(step.edge.edge().to())) {
        visits++;
        if (step.length < MAX_RING && keepsPace(next, closing, since)) {
          AgentAddress to = next.edge().to();
          if (reachedBy.putIfAbsent(to, next) == null) {
            open.add(new Step(next, step.length + 1));
          }
        }
      }
    }
    return List.of();
  }

  private boolean keepsPace(WatchedEdge edge, WatchedEdge as, long since) {
    return edge.lastAt() >= since
        && (alike(edge.repeating(), as.repeating(), 1, COUNT_RATIO)
            || alike(edge.gapMs(), as.gapMs(), FINEST_GAP_MS, PACE_RATIO));
  }

  private static boolean alike(long a, long b, long least, int ratio) {
    return Math.max(a, b) <= ratio * Math.max(least, Math.min(a, b));
  }

  private static List<AgentAddress> path(
      WatchedEdge closing, WatchedEdge last, Map<AgentAddress, WatchedEdge> reachedBy) {
    List<AgentAddress> agents = new ArrayList<>();
    agents.add(last.edge().to());
    for (WatchedEdge edge = last; edge != closing; ) {
      agents.add(edge.edge().from());
      edge = reachedBy.getOrDefault(edge.edge().from(), closing);
    }
    agents.add(closing.edge().from());
    Collections.reverse(agents);
    return agents;
  }

  private List<WatchedEdge> leaving(AgentAddress agent) {
    return byAgent.getOrDefault(agent, List.of());
  }
}
