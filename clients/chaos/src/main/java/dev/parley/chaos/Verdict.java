package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import dev.parley.chaos.Violation.Rule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a history says: whether a promise was broken, and figures.
 *
 * @param unjudged promises that were not put to the test, and why
 */
record Verdict(
    List<Event> history,
    List<Recovery> recoveries,
    List<Violation> violations,
    Map<Rule, String> unjudged) {
  private static final int MOST_SHOWN = 10;

  static Verdict of(List<Event> history, Plan plan) {
    List<Recovery> recoveries = Recovery.of(history);
    Checker.Findings found = Checker.check(history);
    List<Violation> violations = new ArrayList<>(found.violations());
    violations.addAll(Recovery.tooSlow(recoveries, plan.recoverWithin() * 1_000L));
    return new Verdict(history, recoveries, List.copyOf(violations), found.unjudged());
  }

  boolean good() {
    return violations.isEmpty();
  }

  String text() {
    StringBuilder out = new StringBuilder();
    Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    history.forEach(event -> counts.merge(event.kind(), 1L, Long::sum));
    out.append(
        "%nmessages  %d sent, %d accepted, %d took effect, %d attempts unsure, %d refused%n"
            .formatted(
                count(counts, Kind.SENT),
                count(counts, Kind.ACCEPTED),
                count(counts, Kind.EFFECT),
                count(counts, Kind.UNSURE),
                count(counts, Kind.REFUSED)));
    out.append(
        "calls     %d made, %d replied, %d failed: %s%n%n"
            .formatted(
                count(counts, Kind.CALLED),
                count(counts, Kind.REPLIED),
                count(counts, Kind.FAILED),
                failures()));
    faults(out);
    for (Rule rule : Rule.values()) {
      List<Violation> broken = violations.stream().filter(v -> v.rule() == rule).toList();
      out.append(
          "  %-28s %s%n"
              .formatted(
                  rule.text(), broken.isEmpty() ? kept(rule) : broken.size() + " VIOLATIONS"));
      broken.stream()
          .limit(MOST_SHOWN)
          .forEach(violation -> out.append("      %s%n".formatted(violation.what())));
    }
    return out.append("%nverdict: %s%n".formatted(good() ? praise() : "BROKEN")).toString();
  }

  private String kept(Rule rule) {
    return unjudged.containsKey(rule) ? "not judged: " + unjudged.get(rule) : "ok";
  }

  private String praise() {
    return unjudged.isEmpty() ? "all promises kept" : "all promises kept that were put to the test";
  }

  private static long count(Map<Kind, Long> counts, Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  private String failures() {
    return history.stream()
        .filter(event -> event.kind() == Kind.FAILED)
        .collect(Collectors.groupingBy(Event::note, java.util.TreeMap::new, Collectors.counting()))
        .toString();
  }

  private void faults(StringBuilder out) {
    out.append("  %-10s %8s %8s %10s  %s%n".formatted("fault", "lasted", "failed", "felt for", ""));
    for (Recovery recovery : recoveries) {
      out.append(
          "  %-10s %6.1f s %8d %8.1f s  %s%n"
              .formatted(
                  recovery.fault().id(),
                  recovery.lastedMs() / 1000.0,
                  recovery.failed(),
                  recovery.feltMs() / 1000.0,
                  recovery.fault().note()));
    }
    out.append("%n".formatted());
    outages(out);
  }

  private void outages(StringBuilder out) {
    out.append(
        "  %-10s %8s %8s %8s  %s%n"
            .formatted("no reply", "p50", "p99", "longest", "per caller that knows all nodes"));
    for (Outage outage : Outage.of(history)) {
      if (!outage.longestMs().isEmpty()) {
        out.append(
            "  %-10s %6.1f s %6.1f s %6.1f s%n"
                .formatted(
                    outage.kind(),
                    outage.percentile(50) / 1000.0,
                    outage.percentile(99) / 1000.0,
                    outage.percentile(100) / 1000.0));
      }
    }
    out.append("%n".formatted());
  }
}
