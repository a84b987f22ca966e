package dev.parley.hub.quota;

import dev.parley.hub.store.Key;
import dev.parley.hub.tenant.TenantScope;
import java.time.Duration;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;

/**
 * Where a tenant's books are, by UTC day and month.
 *
 * <p>A field of a day's hash is a letter, followed by {@code :a:<agent>} or {@code :c:<channel>}
 * when it is of one agent or channel: {@code c} calls, {@code h} handled, {@code r} refused, {@code
 * i} input tokens, {@code o} output tokens, {@code s} spent, {@code e} earned; {@code T} and {@code
 * M} tokens and money taken out of the day's budget, reservations included. A month's hash has
 * {@code t} and {@code m}, the same of the month.
 */
final class Books {
  static final Duration DAYS_KEPT = Duration.ofDays(400);
  static final Duration MONTHS_KEPT = Duration.ofDays(62);
  static final String DAY_TOKENS = "T";
  static final String DAY_MONEY = "M";
  static final String MONTH_TOKENS = "t";
  static final String MONTH_MONEY = "m";
  static final String SPENT = "s";
  static final String EARNED = "e";
  static final String INPUT = "i";
  static final String OUTPUT = "o";

  private Books() {}

  static Key day(TenantScope scope, long day) {
    return scope.key("usage", LocalDate.ofEpochDay(day).toString());
  }

  static Key month(TenantScope scope, long day) {
    return scope.key("usage", YearMonth.from(LocalDate.ofEpochDay(day)).toString());
  }

  static Key reservations(TenantScope scope) {
    return scope.key("reservations");
  }

  static Key reservationEnds(TenantScope scope) {
    return scope.key("reservations", "ends");
  }

  /** What a tenant owes to sellers, until it is in their books. */
  static Key owed(TenantScope scope) {
    return scope.key("owed");
  }

  /** The sales of a tenant that were credited lately. */
  static Key sold(TenantScope scope) {
    return scope.key("sold");
  }

  static String ofAgent(String field, String agent) {
    return field + ":a:" + agent;
  }

  static String ofChannel(String field, String channel) {
    return field + ":c:" + channel;
  }

  /** When the day ends, epoch milliseconds. */
  static long dayEnd(long day) {
    return (day + 1) * RedisClock.DAY_MS;
  }

  /** When the month of the day ends, epoch milliseconds. */
  static long monthEnd(long day) {
    return YearMonth.from(LocalDate.ofEpochDay(day))
        .plusMonths(1)
        .atDay(1)
        .atStartOfDay()
        .toInstant(ZoneOffset.UTC)
        .toEpochMilli();
  }
}
