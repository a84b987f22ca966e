package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How long callers got no reply, from each fault to the next. Only those who call remote agents one
 * call after the other, with the URLs of all nodes: for others silence means nothing.
 *
 * @param kind of the faults
 * @param longestMs of each caller and fault the longest silence, in ascending order
 */
record Outage(String kind, List<Long> longestMs) {
  private static final long SETTLED_MS = 15_000;

  /** Where the series of such callers begin. */
  static final List<String> CALLERS = List.of("call:", "stream:");

  static List<Outage> of(List<Event> history) {
    List<Event> faults = history.stream().filter(event -> event.kind() == Kind.FAULT).toList();
    Map<String, List<Long>> replies = new TreeMap<>();
    long end = 0;
    for (Event event : history) {
      if (event.kind() == Kind.REPLIED || event.kind() == Kind.FAILED) {
        end = Math.max(end, event.at());
      }
      if (event.kind() == Kind.REPLIED && CALLERS.stream().anyMatch(event.series()::startsWith)) {
        replies.computeIfAbsent(event.series(), none -> new ArrayList<>()).add(event.at());
      }
    }
    Map<String, List<Long>> byKind = new TreeMap<>();
    for (int i = 0; i < faults.size(); i++) {
      long from = faults.get(i).at();
      long until =
          i + 1 < faults.size() ? faults.get(i + 1).at() : Math.min(end, from + SETTLED_MS);
      List<Long> all = byKind.computeIfAbsent(faults.get(i).series(), none -> new ArrayList<>());
      replies.values().forEach(times -> all.add(silence(times, from, until)));
    }
    List<Outage> outages = new ArrayList<>();
    byKind.forEach((kind, all) -> outages.add(new Outage(kind, all.stream().sorted().toList())));
    return outages;
  }

  private static long silence(List<Long> replies, long from, long until) {
    long longest = 0;
    long before = from;
    for (long at : replies) {
      if (at >= from && at < until) {
        longest = Math.max(longest, at - before);
        before = at;
      }
    }
    return Math.max(longest, until - before);
  }

  /** What so many per cent did not exceed. */
  long percentile(int perCent) {
    int rank = (int) Math.ceil(longestMs.size() * perCent / 100.0);
    return longestMs.get(Math.max(0, rank - 1));
  }
}
