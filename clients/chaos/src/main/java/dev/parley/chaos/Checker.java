package dev.parley.chaos;

import dev.parley.chaos.Violation.Rule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Looks in a history for broken promises. Knows nothing of the hub but what it promises. */
final class Checker {
  /** Without one of each, a run shows nothing. */
  private static final Set<Event.Kind> NEEDED =
      EnumSet.of(
          Event.Kind.ACCEPTED,
          Event.Kind.EFFECT,
          Event.Kind.REPLIED,
          Event.Kind.CHUNK,
          Event.Kind.ANSWERED,
          Event.Kind.ROW,
          Event.Kind.TOLD,
          Event.Kind.SPENT);

  /** How much later than its deadline a call's answer may be seen. */
  static final long GRACE_MS = 8_000;

  /** Of its limit a tenant must have spent that many per cent, or the limit was not tried. */
  private static final long NEAR_PER_CENT = 80;

  /**
   * What a history shows.
   *
   * @param unjudged promises that were not put to the test, and why
   */
  record Findings(List<Violation> violations, Map<Rule, String> unjudged) {}

  private final List<Violation> violations = new ArrayList<>();
  private final Map<Rule, String> unjudged = new EnumMap<>(Rule.class);

  private Checker() {}

  static Findings check(List<Event> history) {
    Checker checker = new Checker();
    checker.work(history);
    checker.mail(history);
    checker.calls(history);
    checker.sessions(history);
    checker.budgets(history);
    return new Findings(List.copyOf(checker.violations), Map.copyOf(checker.unjudged));
  }

  private void broken(Rule rule, String what) {
    violations.add(new Violation(rule, what));
  }

  private void work(List<Event> history) {
    Set<Event.Kind> missing = EnumSet.copyOf(NEEDED);
    history.forEach(event -> missing.remove(event.kind()));
    missing.forEach(kind -> broken(Rule.SOMETHING_TO_JUDGE, "there is not one " + kind));
  }

  private void mail(List<Event> history) {
    Set<String> sent = new HashSet<>();
    Map<String, Event> accepted = new LinkedHashMap<>();
    Map<String, Event> effects = new HashMap<>();
    Map<String, Event> last = new HashMap<>();
    for (Event event : history) {
      switch (event.kind()) {
        case SENT -> sent.add(event.id());
        case ACCEPTED -> accepted.put(event.id(), event);
        case EFFECT -> {
          if (!sent.contains(event.id())) {
            broken(Rule.NO_EFFECT_UNASKED, "%s was never sent".formatted(event.id()));
          }
          Event before = effects.putIfAbsent(event.id(), event);
          if (before != null) {
            broken(
                Rule.NO_EFFECT_TWICE,
                "%s took effect at %d ms and at %d ms"
                    .formatted(event.id(), before.at(), event.at()));
            continue;
          }
          Event previous = last.put(event.series(), event);
          if (previous != null && previous.number() >= event.number()) {
            broken(
                Rule.ORDER,
                "in %s number %d took effect at %d ms, after number %d"
                    .formatted(event.series(), event.number(), event.at(), previous.number()));
          }
        }
        default -> {}
      }
    }
    accepted.forEach(
        (id, event) -> {
          if (!effects.containsKey(id)) {
            broken(
                Rule.NOTHING_ACCEPTED_IS_LOST,
                "%s was accepted at %d ms and never took effect".formatted(id, event.at()));
          }
        });
  }

  private void calls(List<Event> history) {
    Map<String, Event> open = new LinkedHashMap<>();
    Map<String, Long> chunks = new HashMap<>();
    for (Event event : history) {
      switch (event.kind()) {
        case CALLED -> open.put(event.id(), event);
        case CHUNK -> {
          long expected = chunks.merge(event.id(), 1L, Long::sum) - 1;
          if (event.number() != expected) {
            broken(
                Rule.STREAMS_WHOLE,
                "piece %d of %s came where %d was due"
                    .formatted(event.number(), event.id(), expected));
          }
        }
        case REPLIED, FAILED -> end(event, open.remove(event.id()), chunks);
        default -> {}
      }
    }
    open.forEach(
        (id, call) ->
            broken(
                Rule.EVERY_CALL_ANSWERED,
                "%s, made at %d ms, was never answered".formatted(id, call.at())));
  }

  private void end(
      Event end, @org.jspecify.annotations.Nullable Event call, Map<String, Long> chunks) {
    if (call == null) {
      broken(Rule.EVERY_CALL_ANSWERED, "%s was answered twice".formatted(end.id()));
      return;
    }
    long took = end.at() - call.at();
    if (took > call.number() + GRACE_MS) {
      broken(
          Rule.EVERY_CALL_ANSWERED,
          "%s had %d ms and was answered after %d".formatted(end.id(), call.number(), took));
    }
    if (end.kind() != Event.Kind.REPLIED) {
      return;
    }
    if (!end.note().equals(end.id())) {
      broken(Rule.EVERY_CALL_ANSWERED, "%s got the reply to '%s'".formatted(end.id(), end.note()));
    }
    long seen = chunks.getOrDefault(end.id(), 0L);
    if (seen != end.number()) {
      broken(
          Rule.STREAMS_WHOLE,
          "%s has %d pieces of %d and a reply".formatted(end.id(), seen, end.number()));
    }
  }

  /** Each answered turn is there once and in order, and all nodes tell the same. */
  private void sessions(List<Event> history) {
    Map<String, List<Event>> answered = new TreeMap<>();
    Map<String, Map<String, List<Event>>> rows = new TreeMap<>();
    for (Event event : history) {
      if (event.kind() == Event.Kind.ANSWERED) {
        answered.computeIfAbsent(event.series(), series -> new ArrayList<>()).add(event);
      } else if (event.kind() == Event.Kind.ROW) {
        rowsOf(rows, event).add(event);
      } else if (event.kind() == Event.Kind.TOLD && rowsOf(rows, event).size() != event.number()) {
        broken(
            Rule.SOMETHING_TO_JUDGE,
            "%s told %d rows of %s and the history has %d"
                .formatted(
                    event.note(), event.number(), event.series(), rowsOf(rows, event).size()));
      }
    }
    answered.forEach(
        (series, turns) ->
            rows.getOrDefault(series, Map.of("no node", List.of()))
                .forEach((node, there) -> session(series, node, turns, said(there))));
    rows.forEach(
        (series, nodes) -> {
          List<String> told = nodes.values().stream().map(Checker::told).distinct().toList();
          if (told.size() > 1) {
            broken(
                Rule.ONE_WRITER,
                "nodes tell different transcripts of %s: %s".formatted(series, told));
          }
          nodes.forEach((node, there) -> oneAtATime(series, node, there));
        });
  }

  /** Those that a node told so far; none is a transcript too, of a node that lost it. */
  private static List<Event> rowsOf(Map<String, Map<String, List<Event>>> rows, Event told) {
    return rows.computeIfAbsent(told.series(), series -> new TreeMap<>())
        .computeIfAbsent(told.note(), node -> new ArrayList<>());
  }

  private static List<String> said(List<Event> rows) {
    return rows.stream().filter(row -> row.number() == Transcripts.SAID).map(Event::id).toList();
  }

  private static String told(List<Event> rows) {
    return rows.stream().map(row -> row.id() + ":" + row.number()).toList().toString();
  }

  private void session(String series, String node, List<Event> turns, List<String> there) {
    Set<String> once = new HashSet<>();
    for (String turn : there) {
      if (!once.add(turn)) {
        broken(
            Rule.ONE_WRITER,
            "%s is twice in the transcript of %s on %s".formatted(turn, series, node));
      }
    }
    Map<String, Integer> last = new HashMap<>();
    for (Event turn : turns) {
      int found = there.indexOf(turn.id());
      int before = last.getOrDefault(turn.note(), -1);
      if (found < 0) {
        broken(
            Rule.NOTHING_ACCEPTED_IS_LOST,
            "%s was answered and is not in the transcript of %s on %s"
                .formatted(turn.id(), series, node));
      } else if (found < before) {
        broken(
            Rule.ORDER,
            "%s is out of order in the transcript of %s on %s".formatted(turn.id(), series, node));
      }
      last.put(turn.note(), Math.max(before, found));
    }
  }

  /**
   * A session's messages are handled one after the other: who writes an answer after the next
   * message was begun has lost the agent to another owner.
   */
  private void oneAtATime(String series, String node, List<Event> rows) {
    String begun = "";
    for (Event row : rows) {
      if (row.number() == Transcripts.SAID) {
        begun = row.id();
      } else if (!row.id().equals(begun)) {
        broken(
            Rule.ONE_WRITER,
            "an old owner committed the answer to %s after %s was begun in %s, tells %s"
                .formatted(row.id(), begun, series, node));
      }
    }
  }

  /** A limit that nobody came near, or at which nobody was refused, shows nothing. */
  private void budgets(List<Event> history) {
    Map<String, Long> limits = new HashMap<>();
    Set<String> denied = new HashSet<>();
    for (Event event : history) {
      if (event.kind() == Event.Kind.LIMIT) {
        limits.put(event.series(), event.number());
      } else if (event.kind() == Event.Kind.DENIED) {
        denied.add(event.series());
      } else if (event.kind() == Event.Kind.SPENT) {
        long limit = limits.getOrDefault(event.series(), 0L);
        if (event.number() > limit) {
          broken(
              Rule.NO_BUDGET_OVERSPENT,
              "%s spent %d of %d %s"
                  .formatted(event.series(), event.number(), limit, event.note()));
        } else if (event.number() * 100 < limit * NEAR_PER_CENT
            || !denied.contains(event.series())) {
          unjudged.put(
              Rule.NO_BUDGET_OVERSPENT,
              "%s spent %d of %d %s and was %s"
                  .formatted(
                      event.series(),
                      event.number(),
                      limit,
                      event.note(),
                      denied.contains(event.series()) ? "refused" : "never refused"));
        }
      }
    }
  }
}
