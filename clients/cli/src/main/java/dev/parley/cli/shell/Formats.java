package dev.parley.cli.shell;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Values as people read them. */
public final class Formats {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyy-MM-dd", Locale.ROOT);
  private static final Duration LONG_AGO = Duration.ofDays(45);

  private Formats() {}

  /** A whole number with its thousands apart. */
  public static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** A span of time in its largest unit, for example {@code 3 h}. */
  public static String span(Duration time) {
    long millis = time.toMillis();
    if (millis < 1_000) {
      return millis + " ms";
    }
    if (millis < 10_000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
    }
    if (millis < 90_000) {
      return time.toSeconds() + " s";
    }
    if (time.toMinutes() < 90) {
      return time.toMinutes() + " min";
    }
    return time.toHours() < 48 ? time.toHours() + " h" : time.toDays() + " days";
  }

  /** A moment as seen from another: {@code 5 min ago}, {@code in 3 h}, or the day when far away. */
  static String when(Instant moment, Instant now) {
    Duration ago = Duration.between(moment, now);
    if (ago.abs().compareTo(LONG_AGO) > 0) {
      return DAY.format(moment.atZone(ZoneId.systemDefault()));
    }
    if (ago.abs().toMillis() < 1_000) {
      return "now";
    }
    long seconds = ago.abs().toSeconds();
    String span = seconds < 90 ? seconds + " s" : span(ago.abs());
    return ago.isNegative() ? "in " + span : span + " ago";
  }
}
