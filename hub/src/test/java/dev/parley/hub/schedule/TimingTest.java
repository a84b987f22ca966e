package dev.parley.hub.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimingTest {
  private static final long YEAR_2024 = Instant.parse("2024-01-01T00:00:00Z").toEpochMilli();
  private static final long YEAR_2034 = Instant.parse("2034-01-01T00:00:00Z").toEpochMilli();

  @Property(tries = 300)
  void ticksGrowAndAreInTheZoneOnWhateverDayTheClocksChange(
      @ForAll("crons") String cron,
      @ForAll("zones") String zone,
      @ForAll @LongRange(min = 0, max = 9_000) long hours) {
    ZoneId id = ZoneId.of(zone);
    Instant start = Instant.ofEpochMilli(YEAR_2024).plus(Duration.ofHours(hours));
    long before = start.toEpochMilli() + hours % 1_000;
    String[] fields = cron.split(" ", -1);
    for (long tick : Timing.cron(cron, zone).next(before, 60)) {
      assertTrue(tick > before, () -> cron + " in " + zone + " at " + at(tick, id));
      before = tick;
      ZonedDateTime time = at(tick, id);
      assertEquals(0, time.getNano());
      boolean clocksChange =
          !id.getRules()
              .getOffset(time.toInstant())
              .equals(id.getRules().getOffset(time.toInstant().minus(Duration.ofHours(3))));
      if (!clocksChange && fields[1].matches("\\d+")) {
        assertEquals(Integer.parseInt(fields[1]), time.getHour(), () -> cron + " " + time);
      }
      if (!clocksChange && fields[0].matches("\\d+")) {
        assertEquals(Integer.parseInt(fields[0]), time.getMinute(), () -> cron + " " + time);
      }
    }
  }

  @Property(tries = 100)
  void theLastTicksOfASpanAreInItAndGrow(
      @ForAll("crons") String cron,
      @ForAll("zones") String zone,
      @ForAll @LongRange(min = 0, max = 9_000) long hours) {
    long to = Instant.ofEpochMilli(YEAR_2024).plus(Duration.ofHours(hours)).toEpochMilli();
    long from = to - Duration.ofDays(3).toMillis();
    List<Long> ticks = Timing.cron(cron, zone).last(from, to, 20, 1);
    for (int i = 0; i < ticks.size(); i++) {
      assertTrue(ticks.get(i) >= from && ticks.get(i) <= to);
      assertTrue(i == 0 || ticks.get(i) > ticks.get(i - 1));
    }
  }

  @Provide
  Arbitrary<String> crons() {
    Arbitrary<String> minutes = Arbitraries.of("0", "30", "*/7", "15,45", "*");
    Arbitrary<String> hours = Arbitraries.of("0", "1", "2", "3", "*", "*/2", "1-3", "23");
    Arbitrary<String> days = Arbitraries.of("*", "* * 0", "* * 1-5", "31 *", "1 */3", "29 2");
    return Combinators.combine(minutes, hours, days)
        .as(
            (minute, hour, day) -> {
              int given = day.split(" ", -1).length;
              return minute + " " + hour + " " + day + " *".repeat(3 - given);
            });
  }

  @Provide
  Arbitrary<String> zones() {
    return Arbitraries.of(
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Africa/Cairo");
  }

  @Test
  void aDailyTickMovesWithTheClocks() {
    Timing daily = Timing.cron("0 9 * * *", "Europe/Madrid");
    long before = Instant.parse("2026-03-28T10:00:00Z").toEpochMilli();
    assertEquals(Instant.parse("2026-03-29T07:00:00Z").toEpochMilli(), daily.after(before));
    assertEquals(Instant.parse("2026-03-28T08:00:00Z").toEpochMilli(), daily.upTo(before));
  }

  @Test
  void sixFieldsHaveSecondsBeforeThem() {
    Timing timing = Timing.cron("*/10 * * * * *", "UTC");
    assertEquals(List.of(YEAR_2024 + 10_000, YEAR_2024 + 20_000), timing.next(YEAR_2024, 2));
    assertEquals(YEAR_2024, timing.upTo(YEAR_2024));
    assertEquals(YEAR_2024, timing.upTo(YEAR_2024 + 9_999));
    Timing each = Timing.cron("* * * * * *", "UTC");
    assertEquals(List.of(YEAR_2024 + 1_000, YEAR_2024 + 2_000), each.next(YEAR_2024 + 211, 2));
    assertEquals(List.of(YEAR_2024), each.last(YEAR_2024 - 999, YEAR_2024 + 999, 5, 1));
  }

  @Test
  void aDayThatNeverComesHasNoTickAndIsFoundSoon() {
    assertEquals(Timing.NONE, Timing.cron("0 0 30 2 *", "UTC").after(YEAR_2034));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "5-1-2 * * * *",
        ", * * * *",
        "L * * * *",
        "@reboot",
        "99999999999999999999 * * * *"
      })
  void whatIsNoCronIsRefusedByField(String cron) {
    ParleyException refused =
        assertThrows(ParleyException.class, () -> Timing.cron(cron, "UTC"), cron);
    assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    assertEquals("cron", refused.details().get("field"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Mars/Olympus", "UTC+99", "../etc"})
  void whatIsNoZoneIsRefusedByField(String zone) {
    ParleyException refused =
        assertThrows(ParleyException.class, () -> Timing.cron("* * * * *", zone));
    assertEquals("zone", refused.details().get("field"));
  }

  private static ZonedDateTime at(long tick, ZoneId zone) {
    return Instant.ofEpochMilli(tick).atZone(zone);
  }
}
