package dev.parley.hub.schedule;

import java.time.Duration;

/**
 * Bounds of schedules.
 *
 * @param minPeriod the least time between two ticks of a schedule
 * @param late how late a tick may be before it counts as missed
 */
public record ScheduleSettings(Duration minPeriod, Duration late) {
  /** Characters of a payload. */
  static final int MAX_PAYLOAD = 65_536;

  /** Ticks that are looked at to find out whether a schedule keeps the least period. */
  static final int TICKS_CHECKED = 64;
}
