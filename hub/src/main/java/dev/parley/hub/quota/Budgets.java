package dev.parley.hub.quota;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens and money of a tenant by UTC day and month, over all nodes. What may be spent at worst is
 * taken out before, in one script over every budget it counts against, and what was not used is
 * given back after, in the script that writes the books: what is open and what is spent together
 * never pass a limit, whatever races or dies in between.
 *
 * <p>Everything of a reservation counts on the day and in the month it was made in, by Redis's
 * clock. One that is neither settled nor released within its time stays spent; it is booked as
 * spent when somebody next looks ({@code reserve} or a report), and a settlement that comes before
 * that still counts.
 *
 * <p>May be called from any thread.
 */
public final class Budgets {
  private static final Logger LOG = LoggerFactory.getLogger(Budgets.class);
  private static final Script RESERVE = Script.replicated("budget-reserve");
  private static final int MAX_ATTEMPTS = 4;
  private static final int MAX_REPEATS = 6;
  private static final int MAX_REPEATING = 10_000;
  private static final String NONE = "-";

  private final Vertx vertx;
  private final Store store;
  private final AtomicInteger repeating = new AtomicInteger();
  private final Sales sales;
  private final Reservations reservations;
  private final RedisClock clock;

  /**
   * Makes the budgets of all tenants.
   *
   * @param sales carries what priced calls earn to their sellers
   */
  public Budgets(Vertx vertx, Store store, Sales sales) {
    this.vertx = vertx;
    this.store = store;
    this.sales = sales;
    this.reservations = sales.reservations();
    this.clock = reservations.clock();
  }

  /**
   * Takes a spend out of every budget it counts against, or out of none.
   *
   * @param limits those in force now
   * @return fails with {@code budget_exceeded} and the details of the first budget that is too
   *     small: its name, one of {@code tokens_per_day}, {@code tokens_per_month}, {@code
   *     millicents_per_day}, {@code millicents_per_month}, {@code agent_tokens_per_day}, {@code
   *     channel_tokens_per_day}, then {@code owner}, {@code used}, {@code requested}, {@code max}
   *     and {@code resetsAt} (epoch ms); with {@code unavailable} when Redis is away: should it
   *     have been taken all the same, it is given back as soon as Redis is back, unless the same
   *     spend was reserved again
   */
  public Future<Reservation> reserve(TenantScope scope, Limits limits, Spend spend) {
    Seller seller = spend.seller();
    Future<Long> listed = seller == null ? Future.succeededFuture(0L) : sales.list(scope.tenant());
    return listed.compose(
        at -> reserve(scope, spend, BudgetLevel.of(scope, limits, spend), at, MAX_ATTEMPTS));
  }

  private Future<Reservation> reserve(
      TenantScope scope, Spend spend, List<BudgetLevel> levels, long listedAt, int attempts) {
    if (attempts == 0) {
      return Future.failedFuture(
          new ParleyException(
                  ErrorCode.UNAVAILABLE, "the store's clock is not steady; try again in a moment")
              .retryAfter(1_000));
    }
    long day = clock.today();
    String attempt = "try-" + Long.toString(ThreadLocalRandom.current().nextLong(1L << 52), 36);
    return store
        .run(
            RESERVE,
            List.of(
                Books.reservations(scope),
                Books.reservationEnds(scope),
                Books.day(scope, day),
                Books.month(scope, day)),
            arguments(spend, levels, day, attempt, listedAt))
        .onFailure(
            e ->
                repeat(
                    scope,
                    spend.id(),
                    () -> reservations.undo(scope, spend.id(), day, attempt).mapEmpty(),
                    1))
        .compose(
            result -> {
              clock.observe(result.integer(1));
              return switch (result.text(0)) {
                case "reserved" -> {
                  reservations.sweepLater(scope, result.integer(2));
                  yield Future.succeededFuture(
                      new Reservation(
                          spend.id(), result.integer(3), result.integer(4), result.integer(5)));
                }
                case "exceeded" -> Future.failedFuture(refusal(spend, levels, day, result));
                case "unlisted" ->
                    sales
                        .listAgain(scope.tenant())
                        .compose(at -> reserve(scope, spend, levels, at, attempts - 1));
                default -> reserve(scope, spend, levels, listedAt, attempts - 1);
              };
            });
  }

  private static ParleyException refusal(
      Spend spend, List<BudgetLevel> levels, long day, ScriptResult result) {
    BudgetLevel violated = levels.get((int) result.integer(2));
    return violated.refusal(spend, result.integer(3), day, result.integer(1));
  }

  private static List<String> arguments(
      Spend spend, List<BudgetLevel> levels, long day, String attempt, long listedAt) {
    Seller seller = spend.seller();
    List<String> arguments = new ArrayList<>(15 + 2 * levels.size());
    arguments.add(Long.toString(day));
    arguments.add(Long.toString(Books.DAYS_KEPT.toMillis()));
    arguments.add(Long.toString(Books.MONTHS_KEPT.toMillis()));
    arguments.add(spend.id());
    arguments.add(Long.toString(spend.tokens()));
    arguments.add(Long.toString(spend.millicents()));
    arguments.add(spend.agent().value());
    arguments.add(orNone(spend.channel()));
    arguments.add(seller == null ? NONE : seller.tenant().value());
    arguments.add(seller == null ? NONE : seller.agent().value());
    arguments.add(seller == null ? NONE : orNone(seller.channel()));
    arguments.add(Long.toString(spend.ttl().toMillis()));
    arguments.add(attempt);
    arguments.add(Long.toString(listedAt));
    arguments.add(Long.toString(Sales.LISTING_GOOD_FOR.toMillis()));
    for (BudgetLevel level : levels) {
      arguments.add(level.field());
      arguments.add(Long.toString(level.max()));
    }
    return arguments;
  }

  private static String orNone(@Nullable String name) {
    return name == null ? NONE : name;
  }

  /**
   * Books what was used and gives back the rest; of a priced call the seller is credited soon
   * after. Settling again does nothing.
   *
   * <p>When more was used than reserved (a provider that exceeds the bound it was given), the books
   * say what was used all the same: hiding it would let it happen again. The answer and the log
   * name the difference. Only money that goes to a seller ends at what was reserved.
   *
   * @param inputTokens used, 0 to {@link Spend#MAX_AMOUNT}, as the other amounts
   * @return fails with {@code unavailable} when Redis is away; it is tried again for a minute, so
   *     that the caller need not
   */
  public Future<Settlement> settle(
      TenantScope scope,
      Reservation reservation,
      long inputTokens,
      long outputTokens,
      long millicents) {
    Spend.requireAmount("inputTokens", inputTokens);
    Spend.requireAmount("outputTokens", outputTokens);
    Spend.requireAmount("millicents", millicents);
    return end(scope, reservation, inputTokens, outputTokens, millicents)
        .onFailure(
            e ->
                repeat(
                    scope,
                    reservation.id(),
                    () -> end(scope, reservation, inputTokens, outputTokens, millicents).mapEmpty(),
                    1));
  }

  private Future<Settlement> end(
      TenantScope scope,
      Reservation reservation,
      long inputTokens,
      long outputTokens,
      long millicents) {
    String id = reservation.id();
    return reservations
        .settle(scope, id, reservation.day(), inputTokens, outputTokens, millicents)
        .map(
            ended -> {
              Settlement settlement = ended.settlement();
              if (settlement.tokensBeyond() > 0 || settlement.millicentsBeyond() > 0) {
                LOG.warn(
                    "{} used {} tokens and {} millicents more than reservation {} holds",
                    scope.tenant(),
                    settlement.tokensBeyond(),
                    settlement.millicentsBeyond(),
                    id);
              }
              ended.owed().ifPresent(owed -> sales.settleLater(scope, owed));
              return settlement;
            });
  }

  private void repeat(TenantScope scope, String id, Supplier<Future<Void>> ending, int attempt) {
    if (attempt > MAX_REPEATS || repeating.get() >= MAX_REPEATING) {
      LOG.warn("reservation {} of {} stays open until it is overdue", id, scope.tenant());
      return;
    }
    repeating.incrementAndGet();
    vertx.setTimer(
        500L << attempt,
        timer -> {
          repeating.decrementAndGet();
          ending.get().onFailure(e -> repeat(scope, id, ending, attempt + 1));
        });
  }

  /** Gives everything back: the call did not happen. Releasing again does nothing. */
  public Future<Void> release(TenantScope scope, Reservation reservation) {
    return settle(scope, reservation, 0, 0, 0).mapEmpty();
  }
}
