package dev.parley.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.chaos.Event.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutageTest {
  private static List<Event> replies(String series, long... at) {
    List<Event> events = new ArrayList<>();
    for (long time : at) {
      events.add(new Event(time, Kind.REPLIED, series, "", 0, ""));
    }
    return events;
  }

  @Test
  void theLongestSilenceOfEachCallerIsCountedFromTheFaultToTheNext() {
    List<Event> history = new ArrayList<>();
    history.add(new Event(1_000, Kind.FAULT, "kill", "kill-1", 1, ""));
    history.add(new Event(11_000, Kind.FAULT, "roll", "roll-2", 2, ""));
    history.addAll(replies("call:a", 900, 1_100, 4_100, 5_000, 9_000, 10_900, 11_100));
    history.addAll(replies("stream:b", 990, 10_990, 25_000));
    history.addAll(replies("talk:c", 990));
    List<Outage> outages = Outage.of(history);
    assertEquals(new Outage("kill", List.of(4_000L, 9_990L)), outages.get(0));
    assertEquals(new Outage("roll", List.of(13_900L, 14_000L)), outages.get(1));
    assertEquals(4_000, outages.get(0).percentile(50));
    assertEquals(9_990, outages.get(0).percentile(99));
  }
}
