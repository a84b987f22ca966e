package dev.parley.hub.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class LoopPropertiesTest {
  private static final int REPEATS = LoopSettings.defaults().repeats();

  private record Message(int from, int to) {}

  @Property(tries = 200)
  void anyClosedRingStopsWithinTheStatedNumberOfMessagesWhateverItsDelaysAndOtherTraffic(
      @ForAll @IntRange(min = 2, max = 8) int length,
      @ForAll @IntRange(min = 1, max = 16) int phrases,
      @ForAll @Size(300) List<@IntRange(min = 0, max = 3_000) Integer> delays) {
    Town town = Town.withDefaults();
    int most = (REPEATS + phrases) * length;
    for (int message = 0; message <= most; message++) {
      town.pass(Duration.ofMillis(delays.get(message % delays.size())));
      String from = "acme/a" + message % length;
      String to = "acme/a" + (message + 1) % length;
      if (town.say(from, to, "phrase " + message / length % phrases).isPresent()) {
        assertEquals(1, town.toldToPeople().size());
        return;
      }
      assertTrue(town.say("acme/a0", "acme/worker" + message % 3, "item " + message).isEmpty());
      assertTrue(town.say("acme/poller", "acme/a0", "well?").isEmpty());
    }
    throw new AssertionError("not stopped after " + most + " messages");
  }

  @Property(tries = 200)
  void honestWorkWithSomethingNewInEachMessageIsNeverStopped(
      @ForAll @Size(min = 1, max = 400) List<@IntRange(min = 0, max = 24) Integer> edges,
      @ForAll @IntRange(min = 0, max = 5_000) int delay) {
    Town town = Town.withDefaults();
    List<Message> sent = new ArrayList<>();
    for (int edge : edges) {
      Message message = new Message(edge / 5, edge % 5);
      sent.add(message);
      town.pass(Duration.ofMillis(delay));
      assertTrue(
          town.say("acme/a" + message.from, "acme/a" + message.to, "result " + sent.size())
              .isEmpty(),
          sent::toString);
    }
    assertEquals(List.of(), town.toldToPeople());
  }

  @Property(tries = 200)
  void questionsThatRepeatThemselvesInATreeOfAgentsAreNeverStopped(
      @ForAll @Size(min = 1, max = 400) List<@IntRange(min = 0, max = 24) Integer> edges,
      @ForAll @IntRange(min = 0, max = 5_000) int delay) {
    Town town = Town.withDefaults();
    for (int edge : edges) {
      List<Integer> pair = new ArrayList<>(List.of(edge / 5, edge % 5));
      Collections.sort(pair);
      town.pass(Duration.ofMillis(delay));
      if (!pair.get(0).equals(pair.get(1))) {
        assertTrue(town.say("acme/a" + pair.get(0), "acme/a" + pair.get(1), "well?").isEmpty());
      }
    }
  }
}
