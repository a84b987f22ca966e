package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import dev.parley.chaos.Violation.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How long callers felt a fault: until the last call failed before the next fault, counted from the
 * beginning of this one. Calls that the books refuse are not counted, nor are the attempts of
 * chats: each knows one node only, and the next one follows when it fails.
 *
 * @param fault its id and kind
 * @param lastedMs until it was healed
 * @param failed calls
 * @param feltMs 0 when no call failed
 */
record Recovery(Event fault, long lastedMs, int failed, long feltMs) {
  private static final Set<String> BOOKS = Set.of("budget_exceeded", "rate_limited");

  static List<Recovery> of(List<Event> history) {
    List<Event> faults = history.stream().filter(event -> event.kind() == Kind.FAULT).toList();
    Map<String, Event> healed = new HashMap<>();
    history.stream()
        .filter(event -> event.kind() == Kind.HEALED)
        .forEach(event -> healed.put(event.id(), event));
    List<Recovery> all = new ArrayList<>();
    for (int i = 0; i < faults.size(); i++) {
      Event fault = faults.get(i);
      long until = i + 1 < faults.size() ? faults.get(i + 1).at() : Long.MAX_VALUE;
      Event end = healed.get(fault.id());
      all.add(of(history, fault, end == null ? 0 : end.at() - fault.at(), until));
    }
    return all;
  }

  private static Recovery of(List<Event> history, Event fault, long lasted, long until) {
    Set<String> made = new HashSet<>();
    int failed = 0;
    long last = fault.at();
    for (Event event : history) {
      if (event.kind() == Kind.CALLED && event.at() < until) {
        made.add(event.id());
      } else if (event.kind() == Kind.FAILED
          && event.at() >= fault.at()
          && event.at() < until
          && made.contains(event.id())
          && !event.series().startsWith(Chats.CALLER)
          && !BOOKS.contains(event.note())) {
        failed++;
        last = Math.max(last, event.at());
      }
    }
    return new Recovery(fault, lasted, failed, last - fault.at());
  }

  /** Faults after whose healing calls failed for longer than this. */
  static List<Violation> tooSlow(List<Recovery> all, long withinMs) {
    return all.stream()
        .filter(recovery -> recovery.feltMs() > recovery.lastedMs() + withinMs)
        .map(
            slow ->
                new Violation(
                    Rule.RECOVERY,
                    "%s (%s) lasted %d ms and calls failed for %d ms"
                        .formatted(
                            slow.fault().id(),
                            slow.fault().note(),
                            slow.lastedMs(),
                            slow.feltMs())))
        .toList();
  }
}
