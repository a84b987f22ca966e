package dev.parley.hub.quota;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Usage of a tenant by UTC day, agent and channel, for 400 days. Tokens and money are written by
 * {@link Budgets} and {@link Sales} in the scripts that move them. Counts of messages are collected
 * here and written every 250 ms: a node that is killed loses what it counted since, never money.
 *
 * <p>May be called from any thread.
 */
public final class Ledger {
  /** The longest range of one report. */
  public static final int MAX_DAYS = 92;

  private final Store store;
  private final Reservations reservations;
  private final Counts counts;

  /** Starts; {@link #close} ends it. */
  public Ledger(Vertx vertx, Store store, Sales sales) {
    this.store = store;
    this.reservations = sales.reservations();
    this.counts = new Counts(vertx, store, reservations.clock());
  }

  /**
   * Counts one message. Touches neither Redis nor a lock.
   *
   * @param agent the tenant's own agent it is booked to as well, or null
   * @param channel the channel it is booked to as well, or null
   */
  public void count(
      TenantScope scope, @Nullable AgentId agent, @Nullable String channel, Counter counter) {
    counts.count(scope, agent, channel, counter);
  }

  /** Writes what was counted so far. */
  public Future<Void> flush() {
    return counts.flush();
  }

  /**
   * Tells what a tenant used and what it may: a {@code UsageReport} of the contract, with each day
   * of the range, and the budgets with what is taken out of them, reservations included.
   *
   * @param from first UTC day, null for today
   * @param to last UTC day, null for today
   * @return fails with {@code invalid_request} naming {@code from} or {@code to} when the range is
   *     empty, longer than {@value #MAX_DAYS} days or in the future
   */
  public Future<ObjectNode> report(
      TenantScope scope, Limits limits, @Nullable LocalDate from, @Nullable LocalDate to) {
    return reservations
        .sweep(scope)
        .compose(swept -> counts.flush(scope.tenant()).otherwiseEmpty())
        .compose(
            flushed -> {
              long today = reservations.clock().today();
              long first = from == null ? today : from.toEpochDay();
              long last = to == null ? today : to.toEpochDay();
              ParleyException wrong = wrongRange(first, last, today);
              return wrong == null
                  ? read(scope, limits, first, last, today)
                  : Future.failedFuture(wrong);
            });
  }

  private static @Nullable ParleyException wrongRange(long first, long last, long today) {
    if (last > today + 1) {
      return ParleyException.invalid(
          "to", "the last day is in the future; today is " + LocalDate.ofEpochDay(today));
    }
    if (first > last) {
      return ParleyException.invalid(
          "from",
          "the first day %s is after the last, %s"
              .formatted(LocalDate.ofEpochDay(first), LocalDate.ofEpochDay(last)));
    }
    return last - first >= MAX_DAYS
        ? ParleyException.invalid(
            "from", "a report has at most %d days; ask for fewer".formatted(MAX_DAYS))
        : null;
  }

  private Future<ObjectNode> read(
      TenantScope scope, Limits limits, long first, long last, long today) {
    List<Future<Map<String, String>>> hashes = new ArrayList<>();
    for (long day = first; day <= last; day++) {
      hashes.add(store.hashGetAll(Books.day(scope, day)));
    }
    hashes.add(store.hashGetAll(Books.day(scope, today)));
    hashes.add(store.hashGetAll(Books.month(scope, today)));
    return Future.all(hashes)
        .map(
            read -> {
              UsageReport report = new UsageReport(scope.tenant());
              int days = hashes.size() - 2;
              for (int i = 0; i < days; i++) {
                report.addDay(first + i, read.resultAt(i));
              }
              Map<String, String> month = read.resultAt(days + 1);
              Map<String, String> day = read.resultAt(days);
              for (BudgetLevel level : BudgetLevel.of(scope, limits)) {
                report.addLimit(
                    level, level.period() == BudgetLevel.Period.DAY ? day : month, today);
              }
              return report.toJson();
            });
  }

  /** Writes what was counted and stops; fails with {@code unavailable} when Redis is away. */
  public Future<Void> close() {
    return counts.close();
  }
}
