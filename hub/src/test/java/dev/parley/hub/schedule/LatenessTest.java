package dev.parley.hub.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.protocol.address.AgentId;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LatenessTest {
  private static final long MINUTE = 60_000;
  private static final long NOON = 1_764_072_000_000L;
  private static final ScheduleSettings SETTINGS =
      new ScheduleSettings(Duration.ofMinutes(1), Duration.ofSeconds(30));

  private static Schedule schedule(String cron, long at, MissedPolicy missed) {
    return new Schedule(
        "s",
        new AgentId("a"),
        false,
        cron,
        at,
        "UTC",
        null,
        missed,
        true,
        0,
        List.of(),
        null,
        dev.parley.hub.access.Rights.ALL);
  }

  private static Lateness each(long minutes, MissedPolicy missed, long due, long now) {
    return Lateness.of(schedule("*/" + minutes + " * * * *", 0, missed), due, now, SETTINGS);
  }

  @ParameterizedTest
  @EnumSource(MissedPolicy.class)
  void aTickInTimeFiresWhateverThePolicy(MissedPolicy missed) {
    Lateness late = each(1, missed, NOON, NOON + 200);
    assertEquals(List.of(NOON), late.ticks());
    assertEquals(NOON + MINUTE, late.next());
    assertEquals(0, late.missed());
  }

  @Test
  void missedTicksAreSkipped() {
    Lateness late = each(10, MissedPolicy.SKIP, NOON, NOON + 35 * MINUTE);
    assertEquals(List.of(), late.ticks());
    assertEquals(NOON + 40 * MINUTE, late.next());
    assertEquals(1, late.missed());
  }

  @Test
  void orAreMadeUpForByTheLastOfThem() {
    Lateness late = each(10, MissedPolicy.ONCE, NOON, NOON + 35 * MINUTE);
    assertEquals(List.of(NOON + 30 * MINUTE), late.ticks());
  }

  @Test
  void orByATickThatIsDueNow() {
    Lateness late = each(10, MissedPolicy.ONCE, NOON, NOON + 40 * MINUTE + 1);
    assertEquals(List.of(NOON + 40 * MINUTE), late.ticks());
    assertEquals(NOON + 50 * MINUTE, late.next());
  }

  @Test
  void orAllFireInOrder() {
    Lateness late = each(10, MissedPolicy.ALL, NOON, NOON + 40 * MINUTE);
    assertEquals(
        LongStream.range(0, 5).mapToObj(i -> NOON + i * 10 * MINUTE).toList(), late.ticks());
    assertEquals(0, late.missed());
  }

  @Test
  void butNoMoreThanTheLastHundred() {
    long now = NOON + 2_000 * MINUTE + 45_000;
    Lateness late = each(1, MissedPolicy.ALL, NOON, now);
    assertEquals(100, late.ticks().size());
    assertEquals(NOON + 2_000 * MINUTE, late.ticks().get(99));
    assertEquals(1, late.missed());
  }

  @Test
  void aMessageOnceIsMissedOnlyIfThePolicySaysSo() {
    long now = NOON + MINUTE;
    assertEquals(
        List.of(),
        Lateness.of(schedule(null, NOON, MissedPolicy.SKIP), NOON, now, SETTINGS).ticks());
    Lateness late = Lateness.of(schedule(null, NOON, MissedPolicy.ONCE), NOON, now, SETTINGS);
    assertEquals(List.of(NOON), late.ticks());
    assertEquals(Timing.NONE, late.next());
  }

  @Test
  void noTwoTicksAreCloserThanTheLeastPeriod() {
    Schedule uneven = schedule("0,1,30 0 12 * * *", 0, MissedPolicy.ALL);
    Lateness late = Lateness.of(uneven, NOON, NOON + 31_000, SETTINGS);
    for (int i = 1; i < late.ticks().size(); i++) {
      assertEquals(true, late.ticks().get(i) - late.ticks().get(i - 1) >= 1_000);
    }
    assertEquals(NOON + Duration.ofDays(1).toMillis(), late.next());
  }
}
