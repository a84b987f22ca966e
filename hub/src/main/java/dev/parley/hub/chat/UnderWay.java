package dev.parley.hub.chat;

import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.session.SessionKey;
import dev.parley.protocol.address.TenantId;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The runs of each session that are under way on this node, also of those that no chat started. */
final class UnderWay {
  private record Place(TenantId tenant, SessionKey session) {
    static Place of(Run run) {
      return new Place(run.tenant(), run.session());
    }
  }

  private final ConcurrentMap<Place, Set<String>> runs = new ConcurrentHashMap<>();

  /** Their ids, oldest first. */
  Set<String> in(TenantId tenant, SessionKey session) {
    return runs.getOrDefault(new Place(tenant, session), Set.of());
  }

  void begin(Run run) {
    runs.compute(
        Place.of(run),
        (place, present) -> {
          Set<String> all = present == null ? new LinkedHashSet<>() : new LinkedHashSet<>(present);
          all.add(run.runId());
          return Collections.unmodifiableSet(all);
        });
  }

  void end(Run run) {
    runs.computeIfPresent(
        Place.of(run),
        (place, present) -> {
          Set<String> left = new LinkedHashSet<>(present);
          left.remove(run.runId());
          return left.isEmpty() ? null : Collections.unmodifiableSet(left);
        });
  }
}
