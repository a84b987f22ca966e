package dev.parley.hub.quota;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends reservations: by their holder, or because it did not come back in time. */
final class Reservations {
  private static final Logger LOG = LoggerFactory.getLogger(Reservations.class);
  private static final Script SETTLE = new Script("budget-settle");
  private static final Script OVERDUE = new Script("budget-overdue");
  private static final int PAGE = 50;

  /** A reservation that has ended, and what a seller is owed for it. */
  record Ended(Settlement settlement, Optional<Owed> owed) {}

  private final Store store;
  private final BiConsumer<TenantScope, Owed> onOwed;
  private final RedisClock clock = new RedisClock();
  private final Set<String> sweeping = ConcurrentHashMap.newKeySet();

  /**
   * Takes the store and who is told when an overdue reservation leaves something owed to a seller.
   */
  Reservations(Store store, BiConsumer<TenantScope, Owed> onOwed) {
    this.store = store;
    this.onOwed = onOwed;
  }

  RedisClock clock() {
    return clock;
  }

  /** Gives back what an attempt to reserve may have taken though it failed. */
  Future<Ended> undo(TenantScope scope, String id, long day, String attempt) {
    return end(scope, id, day, attempt, 0, 0, 0);
  }

  Future<Ended> settle(
      TenantScope scope, String id, long day, long input, long output, long millicents) {
    return end(scope, id, day, "used", input, output, millicents);
  }

  private Future<Ended> end(
      TenantScope scope,
      String id,
      long day,
      String how,
      long input,
      long output,
      long millicents) {
    return store
        .run(
            SETTLE,
            List.of(
                Books.reservations(scope),
                Books.reservationEnds(scope),
                Books.day(scope, day),
                Books.month(scope, day),
                Books.owed(scope)),
            List.of(
                id,
                how,
                Long.toString(input),
                Long.toString(output),
                Long.toString(millicents),
                Long.toString(Books.DAYS_KEPT.toMillis()),
                Long.toString(Books.MONTHS_KEPT.toMillis())))
        .map(result -> ended(id, result));
  }

  private Ended ended(String id, ScriptResult result) {
    clock.observe(result.integer(1));
    if (result.text(0).equals("closed")) {
      return new Ended(Settlement.CLOSED, Optional.empty());
    }
    Settlement settlement =
        new Settlement(
            true, result.integer(2), result.integer(3), result.integer(4), result.integer(5));
    String owed = result.text(6);
    return new Ended(
        settlement, owed.isEmpty() ? Optional.empty() : Optional.of(Owed.parse(id, owed)));
  }

  /** Books the overdue reservations of a tenant as spent; answers how many. */
  Future<Integer> sweep(TenantScope scope) {
    return store
        .run(
            OVERDUE,
            List.of(Books.reservations(scope), Books.reservationEnds(scope)),
            List.of(Integer.toString(PAGE)))
        .compose(
            result -> {
              clock.observe(result.integer(0));
              Future<Integer> swept = Future.succeededFuture(0);
              for (int i = 1; i < result.size(); i += 2) {
                String id = result.text(i);
                long day = result.integer(i + 1);
                swept = swept.compose(before -> sweep(scope, id, day).map(one -> before + one));
              }
              boolean full = result.size() > 2 * PAGE;
              return swept.compose(
                  now ->
                      full && now > 0
                          ? sweep(scope).map(rest -> now + rest)
                          : Future.succeededFuture(now));
            });
  }

  private Future<Integer> sweep(TenantScope scope, String id, long day) {
    return end(scope, id, day, "overdue", 0, 0, 0)
        .map(
            ended -> {
              ended.owed().ifPresent(owed -> onOwed.accept(scope, owed));
              return ended.settlement().settled() ? 1 : 0;
            });
  }

  /** Sweeps behind the caller's back when there is something overdue. */
  void sweepLater(TenantScope scope, long overdueDay) {
    String tenant = scope.tenant().value();
    if (overdueDay >= 0 && sweeping.add(tenant)) {
      sweep(scope)
          .onComplete(
              swept -> {
                sweeping.remove(tenant);
                if (swept.failed()) {
                  LOG.warn(
                      "overdue reservations of {} stay open: {}",
                      tenant,
                      swept.cause().getMessage());
                }
              });
    }
  }
}
