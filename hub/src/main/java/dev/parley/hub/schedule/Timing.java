package dev.parley.hub.schedule;

import com.cronutils.model.Cron;
import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The ticks of a schedule, in milliseconds of the epoch. */
sealed interface Timing {
  /** There is no such tick. */
  long NONE = -1;

  /** The first tick after this time, or {@link #NONE}. */
  long after(long time);

  /** The last tick at or before this time, or {@link #NONE}. */
  long upTo(long time);

  /** The first ticks after this time, as many as there are. */
  default List<Long> next(long time, int count) {
    List<Long> ticks = new ArrayList<>();
    long tick = after(time);
    while (tick != NONE && ticks.size() < count) {
      ticks.add(tick);
      tick = after(tick);
    }
    return ticks;
  }

  /**
   * The last ticks of a span, both ends included, oldest first.
   *
   * @param apart how far they are from each other at least
   */
  default List<Long> last(long from, long to, int count, long apart) {
    List<Long> ticks = new ArrayList<>();
    long tick = count == 0 ? NONE : upTo(to);
    while (tick != NONE && tick >= from && ticks.size() < count) {
      ticks.add(tick);
      tick = upTo(tick - apart);
    }
    Collections.reverse(ticks);
    return ticks;
  }

  /** One tick. */
  record Once(long at) implements Timing {
    @Override
    public long after(long time) {
      return at > time ? at : NONE;
    }

    @Override
    public long upTo(long time) {
      return at <= time ? at : NONE;
    }
  }

  /**
   * The ticks of a cron expression in a time zone. Rare ones take long to find: not on an event
   * loop.
   */
  record Repeated(ExecutionTime times, ZoneId zone) implements Timing {
    @Override
    public long after(long time) {
      assert !Context.isOnEventLoopThread() : "ticks are looked for on an event loop";
      return times
          .nextExecution(second(time, 0))
          .map(Repeated::millis)
          .filter(tick -> tick > time)
          .orElse(NONE);
    }

    @Override
    public long upTo(long time) {
      assert !Context.isOnEventLoopThread() : "ticks are looked for on an event loop";
      return times.lastExecution(second(time, 1)).map(Repeated::millis).orElse(NONE);
    }

    /** Ticks are found from whole seconds: those found from others are none. */
    private ZonedDateTime second(long time, int later) {
      return Instant.ofEpochSecond(Math.floorDiv(time, 1_000) + later).atZone(zone);
    }

    private static long millis(ZonedDateTime time) {
      return time.toInstant().toEpochMilli();
    }
  }

  /**
   * Reads a cron expression of five fields (minute, hour, day of month, month, day of week) or of
   * six, with seconds before them.
   *
   * @throws ParleyException {@code invalid_request} naming the field
   */
  static Timing cron(String expression, String zone) {
    ZoneId in;
    try {
      in = ZoneId.of(zone);
    } catch (DateTimeException e) {
      throw ParleyException.invalid(
          "zone", "zone is no time zone; give a name such as Europe/Madrid or UTC");
    }
    boolean seconds = expression.strip().split("\\s+").length == 6;
    try {
      Cron cron = new CronParser(seconds ? Dialect.SIX : Dialect.FIVE).parse(expression);
      return new Repeated(ExecutionTime.forCron(cron), in);
    } catch (IllegalArgumentException e) {
      throw ParleyException.invalid(
          "cron",
          "cron cannot be read; write minute, hour, day of month, month and day of week, such as"
              + " '0 9 * * 1-5', with seconds before them if need be");
    }
  }

  /** The fields of cron expressions. */
  final class Dialect {
    static final CronDefinition FIVE = definition(CronDefinitionBuilder.defineCron());
    static final CronDefinition SIX =
        definition(
            CronDefinitionBuilder.defineCron()
                .withSeconds()
                .withValidRange(0, 59)
                .withStrictRange()
                .and());

    private Dialect() {}

    private static CronDefinition definition(CronDefinitionBuilder fields) {
      return fields
          .withMinutes()
          .withValidRange(0, 59)
          .withStrictRange()
          .and()
          .withHours()
          .withValidRange(0, 23)
          .withStrictRange()
          .and()
          .withDayOfMonth()
          .withValidRange(1, 31)
          .withStrictRange()
          .and()
          .withMonth()
          .withValidRange(1, 12)
          .withStrictRange()
          .and()
          .withDayOfWeek()
          .withValidRange(0, 7)
          .withMondayDoWValue(1)
          .withIntMapping(7, 0)
          .withStrictRange()
          .and()
          .instance();
    }
  }
}
