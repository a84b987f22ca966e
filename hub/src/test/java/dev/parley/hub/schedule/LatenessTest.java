package dev.parley.hub.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.AgentId;
import java.time.Duration;
import java.util.ArrayList;
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
    assertEquals(List.of(NOON + 1_000), late.ticks());
    assertEquals(NOON + Duration.ofDays(1).toMillis(), late.next());

    Schedule pairs = schedule("0,10 * * * * *", 0, MissedPolicy.ALL);
    List<Long> ticks = Lateness.of(pairs, NOON, NOON + 5 * MINUTE + 5_000, SETTINGS).ticks();
    assertEquals(LongStream.rangeClosed(0, 5).mapToObj(i -> NOON + i * MINUTE).toList(), ticks);
  }

  @Test
  void theTickAfterMissedOnesIsNotPassedOver() {
    Lateness late = each(1, MissedPolicy.ONCE, NOON, NOON + 5 * MINUTE + 45_000);
    assertEquals(List.of(NOON + 5 * MINUTE), late.ticks());
    assertEquals(NOON + 6 * MINUTE, late.next());
  }

  @ParameterizedTest
  @EnumSource(MissedPolicy.class)
  void noMoreThanABoundIsSentAtOnceAndWhatIsInTimeBeyondItNext(MissedPolicy missed) {
    ScheduleSettings patient = new ScheduleSettings(Duration.ofSeconds(1), Duration.ofMinutes(10));
    Schedule each = schedule("* * * * * *", 0, missed);
    long now = NOON + Duration.ofHours(1).toMillis();
    List<Long> inTime = new ArrayList<>();
    long due = NOON;
    while (due <= now) {
      Lateness late = Lateness.of(each, due, now, patient);
      assertTrue(late.ticks().size() <= missed.most() + Lateness.MOST, () -> "" + late.ticks());
      late.ticks().stream().filter(tick -> tick >= now - 600_000).forEach(inTime::add);
      due = late.next();
    }
    assertEquals(
        LongStream.rangeClosed(0, 600).mapToObj(i -> now - 600_000 + i * 1_000).toList(), inTime);
  }
}
