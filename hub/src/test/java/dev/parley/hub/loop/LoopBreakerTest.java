package dev.parley.hub.loop;

import static dev.parley.hub.loop.Town.edge;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class LoopBreakerTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration PAUSE = LoopSettings.defaults().pause();
  private static final TenantId ACME = new TenantId("acme");

  private final Town town = Town.withDefaults();

  private static LoopSettings small(int maxEdges, int maxTenantEdges) {
    LoopSettings all = LoopSettings.defaults();
    return new LoopSettings(
        all.repeats(),
        all.window(),
        5,
        12,
        all.refusals(),
        1_000,
        all.pause(),
        all.maxPause(),
        all.probes(),
        maxEdges,
        maxTenantEdges);
  }

  @Test
  void aRefusalSaysWhichEdgeWhyUntilWhenAndWhatToDo() {
    town.goRound(List.of("globex/b", "acme/a"), 1, 30, SECOND);
    ParleyException refused = town.say("acme/a", "globex/b", "phrase 0").orElseThrow();
    assertEquals(ErrorCode.LOOP_DETECTED, refused.code());
    assertEquals("acme/a", refused.details().get("from"));
    assertEquals("globex/b", refused.details().get("to"));
    assertEquals("no_new_information", refused.details().get("reason"));
    assertEquals(1_000_000 + PAUSE.toMillis(), refused.details().get("until"));
    assertEquals(PAUSE.toMillis(), refused.retryAfterMs());
    assertTrue(refused.text().contains("acme/a → globex/b → acme/a"), refused.text());
  }

  @Test
  void aLoopIsFoundThoughTheWordsChangeInCaseAndMarksAndNowAndThenAltogether() {
    List<String> thanks = List.of("Thank you!", "thank you", "THANK YOU!!", "thank  you,");
    int passed = 0;
    while (true) {
      boolean toPong = passed % 2 == 0;
      int lap = passed / 2;
      String what = lap % 6 == 5 ? "by the way " + lap : thanks.get(lap % 4);
      if (town.say(toPong ? "acme/ping" : "acme/pong", toPong ? "acme/pong" : "acme/ping", what)
          .isPresent()) {
        break;
      }
      passed++;
      town.pass(SECOND);
      assertTrue(passed < 60);
    }
    assertTrue(passed <= 24, "passed " + passed);
  }

  @Test
  void aPollerThatAsksTheSameEverySecondForAnHourIsNoLoopEvenIfItIsAskedNowAndThenItself() {
    for (int second = 0; second < 3_600; second++) {
      town.pass(SECOND);
      assertTrue(town.say("acme/poller", "acme/clock", "time?").isEmpty(), "at " + second);
      if (second % 20 == 0) {
        assertTrue(town.say("acme/clock", "acme/poller", "alive?").isEmpty(), "at " + second);
      }
    }
  }

  @Test
  void aBusyAgentWithAThousandCallersIsUntouched() {
    for (int round = 0; round < 40; round++) {
      town.pass(SECOND);
      for (int caller = 0; caller < 1_000; caller++) {
        assertTrue(town.say("acme/c" + caller, "acme/busy", "status").isEmpty());
      }
      assertTrue(town.say("acme/busy", "acme/c0", "result " + round).isEmpty());
    }
    assertEquals(List.of(), town.breaker().tripped(ACME));
  }

  @Test
  void anAgentThatWritesToItselfOnAScheduleIsNoLoopAndOneThatSpinsIs() {
    for (int minute = 0; minute < 120; minute++) {
      town.pass(Duration.ofMinutes(1));
      assertTrue(town.say("acme/cron", "acme/cron", "tick").isEmpty());
    }
    assertEquals(8, town.goRound(List.of("acme/spin"), 1, 100, Duration.ofMillis(100)));
  }

  @Test
  void agentsThatExchangeTheSameWordsMoreSeldomThanTheWindowAreNoLoop() {
    Duration seldom = LoopSettings.defaults().window().plus(SECOND);
    assertEquals(200, town.goRound(List.of("acme/a", "acme/b"), 1, 200, seldom));
  }

  @Test
  void longPayloadsThatDifferAnywhereAreNews() {
    String long1 = "x".repeat(500);
    for (int turn = 0; turn < 100; turn++) {
      town.pass(SECOND);
      String what = long1 + turn + long1;
      assertTrue(town.say("acme/a", "acme/b", what).isEmpty());
      assertTrue(town.say("acme/b", "acme/a", what).isEmpty());
    }
  }

  @Test
  void eachFurtherStopOfALoopLastsTwiceAsLongUpToTheBoundAndPeopleAreToldOnce() {
    Duration expected = PAUSE;
    town.goRound(List.of("acme/a", "acme/b"), 1, 30, Duration.ofMillis(10));
    Edge stopped = town.breaker().tripped(ACME).get(0).edge();
    String from = stopped.from().toString();
    String to = stopped.to().toString();
    for (int trip = 1; trip <= 8; trip++) {
      Trip now = town.breaker().tripped(ACME).get(0);
      assertEquals(Trip.State.OPEN, now.state());
      assertEquals(trip, now.trips());
      assertEquals(expected.toMillis(), now.until() - now.trippedAt());
      town.pass(expected);
      assertEquals(Trip.State.HALF_OPEN, town.breaker().tripped(ACME).get(0).state());
      int more = 0;
      while (town.say(from, to, "phrase 0").isEmpty()) {
        town.say(to, from, "phrase 0");
        town.pass(Duration.ofMillis(10));
        more++;
        assertTrue(more < 40);
      }
      expected = expected.multipliedBy(2);
      if (expected.compareTo(LoopSettings.defaults().maxPause()) > 0) {
        expected = LoopSettings.defaults().maxPause();
      }
    }
    assertEquals(1, town.toldToPeople().size(), town.toldToPeople().toString());
  }

  @Test
  void afterThePauseAPollerOfWhichTheOtherSideHasGoneQuietIsGoodAgain() {
    town.goRound(List.of("acme/a", "acme/b"), 1, 30, SECOND);
    Edge stopped = town.breaker().tripped(ACME).get(0).edge();
    town.pass(PAUSE);
    for (int message = 0; message < 100; message++) {
      town.pass(SECOND);
      String from = stopped.from().toString();
      assertTrue(town.say(from, stopped.to().toString(), "phrase 0").isEmpty());
    }
    assertEquals(List.of(), town.breaker().tripped(ACME));
  }

  @Test
  void aFanOutStopsAtItsBoundTripsOneEdgeAndTellsOnce() {
    Town bounded = new Town(small(1_000, 1_000));
    for (int message = 1; message <= 50; message++) {
      boolean passes = bounded.say("acme/a", "acme/w" + message, "x", "m", message).isEmpty();
      assertEquals(message <= 5, passes, "no " + message);
    }
    assertEquals(1, bounded.toldToPeople().size());
    assertEquals(1, bounded.breaker().tripped(ACME).size());
    assertTrue(bounded.say("acme/a", "acme/w1", "x", "another", 1).isEmpty());
  }

  @Test
  void aTreeOfMessagesStopsAtItsBoundOverAllAgentsThatPassTheWorkOn() {
    Town bounded = new Town(small(1_000, 1_000));
    int passed = 0;
    for (int agent = 0; agent < 10; agent++) {
      for (int sibling = 1; sibling <= 3; sibling++) {
        passed +=
            bounded.say("acme/a" + agent, "acme/w" + sibling, "x", "m", sibling).isEmpty() ? 1 : 0;
      }
    }
    assertEquals(12, passed);
    assertEquals(1, bounded.toldToPeople().size());
    assertEquals("chain_messages", bounded.toldToPeople().get(0).reason());
    assertTrue(bounded.say("acme/a0", "acme/w1", "x", "another", 1).isEmpty());
  }

  @Test
  void anEdgeThatCostsMoreThanItMayInAMinuteIsStoppedAndOneThatSpendsSlowlyIsNot() {
    Town bounded = new Town(small(1_000, 1_000));
    for (int minute = 0; minute < 10; minute++) {
      assertTrue(bounded.say("acme/slow", "globex/b", "buy " + minute).isEmpty());
      bounded.breaker().spent(edge("acme/slow", "globex/b"), 900);
      bounded.pass(Duration.ofSeconds(61));
    }
    bounded.breaker().spent(edge("acme/fast", "globex/b"), 600);
    assertTrue(bounded.say("acme/fast", "globex/b", "more").isEmpty());
    bounded.breaker().spent(edge("acme/fast", "globex/b"), 600);
    ParleyException refused = bounded.say("acme/fast", "globex/b", "and more").orElseThrow();
    assertEquals("spend", refused.details().get("reason"));
    bounded.pass(Duration.ofSeconds(61));
    for (int message = 0; message < 3; message++) {
      assertTrue(bounded.say("acme/fast", "globex/b", "calmer " + message).isEmpty());
    }
    assertEquals(List.of(), bounded.breaker().tripped(ACME));
  }

  @Test
  void whatIsWatchedIsBoundedAndATenantThatCallsThousandsNeitherEvictsOthersNorItsOwnStops() {
    Town bounded = new Town(small(640, 320));
    bounded.goRound(List.of("acme/a", "acme/b"), 1, 30, SECOND);
    bounded.goRound(List.of("quiet/a", "quiet/b"), 1, 10, SECOND);
    for (int i = 0; i < 20_000; i++) {
      bounded.pass(Duration.ofMillis(1));
      bounded.say("acme/spray", "acme/x" + i, "x");
      bounded.say("other/spray", "other/x" + i, "x");
      assertTrue(bounded.breaker().watched() <= 640, "watched " + bounded.breaker().watched());
    }
    assertTrue(bounded.breaker().evicted() > 30_000);
    assertEquals(1, bounded.breaker().tripped(ACME).size());
    int passed = 10 + bounded.goRound(List.of("quiet/a", "quiet/b"), 1, 30, SECOND);
    assertTrue(passed <= 20, "the ten messages from before still count: " + passed);
  }

  @Test
  void whatOneNodeStopsAndLetsPassTheOthersDoToo() {
    Town here = Town.withDefaults();
    AtomicReference<LoopBreaker> there = new AtomicReference<>();
    there.set(new LoopBreaker(LoopSettings.defaults(), () -> 0, Clock.systemUTC()));
    here.breaker()
        .tell(
            change -> {
              here.breaker().onAnnouncement(change);
              there.get().onAnnouncement(change);
            });
    here.goRound(List.of("acme/a", "acme/b"), 1, 30, SECOND);
    Trip trip = there.get().tripped(ACME).get(0);
    assertEquals(here.breaker().tripped(ACME).get(0).edge(), trip.edge());
    Passage message = new Passage(trip.edge(), new RawJson("\"fresh\""), null, 0);
    assertThrows(ParleyException.class, () -> there.get().admit(message));
    here.breaker().reset(ACME, trip.edge());
    there.get().admit(message);
    assertEquals(List.of(), there.get().tripped(ACME));
  }

  @Test
  void aPairOnTwoNodesIsFoundByWhatEachNodeDelivers() {
    int passed = 0;
    try {
      for (; passed < 60; passed++) {
        town.pass(SECOND);
        town.breaker().admit(new Passage(edge("acme/a", "acme/b"), new RawJson("1"), null, 0));
        town.breaker().observe(edge("acme/b", "acme/a"), new RawJson("2"));
      }
    } catch (ParleyException stopped) {
      assertEquals(ErrorCode.LOOP_DETECTED, stopped.code());
    }
    assertTrue(passed <= 10, "passed " + passed);
  }

  @Test
  void nobodyResetsTheEdgeOfAnotherTenant() {
    town.goRound(List.of("globex/b", "acme/a"), 1, 30, SECOND);
    Edge stopped = town.breaker().tripped(ACME).get(0).edge();
    assertEquals(List.of(), town.breaker().tripped(new TenantId("globex")));
    ParleyException refused =
        assertThrows(
            ParleyException.class, () -> town.breaker().reset(new TenantId("globex"), stopped));
    assertEquals(ErrorCode.NOT_FOUND, refused.code());
    assertEquals(1, town.breaker().tripped(ACME).size());
  }
}
