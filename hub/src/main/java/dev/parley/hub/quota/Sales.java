package dev.parley.hub.quota;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries what buyers paid to the books of sellers, exactly once. The two live in different slots
 * of Redis, so no script can write both. Instead:
 *
 * <ol>
 *   <li>before a reservation for a priced call is made the buyer is listed on the platform;
 *   <li>the script that books the buyer's payment writes down what is owed, beside it;
 *   <li>a script credits the seller unless it remembers the reservation's id;
 *   <li>the debt is removed, and after ten minutes the seller's side forgets the id.
 * </ol>
 *
 * <p>Whoever dies in between, {@link #recover} on any node finds the buyer on the list and goes on:
 * it books overdue reservations and carries what is owed. A buyer leaves the list when it has
 * neither, a minute after it was listed last; a reservation whose listing is older than twenty
 * seconds is refused by its script, so that none can slip in behind. Nothing acts on a debt it read
 * more than a minute ago, so that no id is forgotten too soon.
 */
public final class Sales {
  static final Duration LISTING_GOOD_FOR = Duration.ofSeconds(20);

  private static final Logger LOG = LoggerFactory.getLogger(Sales.class);
  private static final Script LIST = new Script("sale-list");
  private static final Script UNLIST = new Script("sale-unlist");
  private static final Script LISTED = new Script("sale-listed");
  private static final Script CREDIT = Script.replicated("sale-credit");
  private static final Script CLOSE = new Script("sale-close");
  private static final Key BUYERS = Keyspace.platform().key("buyers");
  private static final Duration RECOVERY = Duration.ofSeconds(30);
  private static final Duration UNLIST_AFTER = Duration.ofMinutes(1);
  private static final Duration ACT_WITHIN = Duration.ofMinutes(1);
  private static final Duration REMEMBER = Duration.ofMinutes(10);
  private static final Duration CACHED = Duration.ofSeconds(8);
  private static final int PAGE = 100;
  private static final int MAX_BUYERS = 100_000;
  private static final int MAX_CACHED = 20_000;
  private static final int MAX_IN_FLIGHT = 1_000;

  private record Listing(long redisMs, long nanos) {
    boolean fresh() {
      return System.nanoTime() - nanos < CACHED.toNanos();
    }
  }

  private final Vertx vertx;
  private final Store store;
  private final TenantScopes scopes;
  private final Reservations reservations;
  private final Map<TenantId, Listing> listings = new ConcurrentHashMap<>();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicBoolean recovering = new AtomicBoolean();
  private long timer = -1;

  public Sales(Vertx vertx, Store store, TenantScopes scopes) {
    this.vertx = vertx;
    this.store = store;
    this.scopes = scopes;
    this.reservations = new Reservations(store, this::settleLater);
  }

  /** Finishes what other runs of the hub left open, now and every 30 s. */
  public Future<Void> start() {
    timer = vertx.setPeriodic(RECOVERY.toMillis(), id -> recoverAgain());
    return recover().mapEmpty();
  }

  public void close() {
    if (timer >= 0) {
      vertx.cancelTimer(timer);
    }
  }

  Reservations reservations() {
    return reservations;
  }

  /** Lists a buyer; answers when that was, by Redis's clock, a few seconds ago at most. */
  Future<Long> list(TenantId buyer) {
    Listing listing = listings.get(buyer);
    return listing != null && listing.fresh()
        ? Future.succeededFuture(listing.redisMs)
        : listAgain(buyer);
  }

  Future<Long> listAgain(TenantId buyer) {
    long nanos = System.nanoTime();
    return store
        .run(LIST, List.of(BUYERS), List.of(buyer.value()))
        .map(
            result -> {
              long redisMs = result.integer(0);
              if (listings.size() >= MAX_CACHED) {
                listings.clear();
              }
              listings.put(buyer, new Listing(redisMs, nanos));
              return redisMs;
            });
  }

  /** Carries one debt behind the caller's back; what fails is left to {@link #recover}. */
  void settleLater(TenantScope buyer, Owed owed) {
    if (inFlight.incrementAndGet() > MAX_IN_FLIGHT) {
      inFlight.decrementAndGet();
      return;
    }
    settle(buyer, owed, System.nanoTime())
        .onComplete(
            done -> {
              inFlight.decrementAndGet();
              if (done.failed()) {
                LOG.info(
                    "the sale {} of {} is settled later: {}",
                    owed.id(),
                    buyer.tenant(),
                    done.cause().getMessage());
              }
            });
  }

  private Future<Void> settle(TenantScope buyer, Owed owed, long readNanos) {
    if (System.nanoTime() - readNanos > ACT_WITHIN.toNanos()) {
      return Future.succeededFuture();
    }
    Seller seller = owed.seller();
    TenantScope books = scopes.of(HubPrincipals.bookkeeper(seller.tenant()));
    String channel = seller.channel() == null ? "-" : seller.channel();
    return store
        .run(
            CREDIT,
            List.of(Books.day(books, owed.day()), Books.sold(books)),
            List.of(
                owed.id(),
                Long.toString(Books.DAYS_KEPT.toMillis()),
                Long.toString(owed.millicents()),
                seller.agent().value(),
                channel))
        .compose(credited -> store.hashDelete(Books.owed(buyer), owed.id()))
        .compose(
            removed ->
                store.run(
                    CLOSE,
                    List.of(Books.sold(books)),
                    List.of(owed.id(), Long.toString(REMEMBER.toMillis()))))
        .mapEmpty();
  }

  private void recoverAgain() {
    recover().onFailure(e -> LOG.warn("open sales wait: {}", e.getMessage()));
  }

  /**
   * Goes on with all sales that are not finished; does nothing while it is at it already.
   *
   * @return how many buyers it looked at; fails with {@code unavailable} when Redis is away
   */
  public Future<Integer> recover() {
    if (!recovering.compareAndSet(false, true)) {
      return Future.succeededFuture(0);
    }
    return buyers(0, new ArrayList<>())
        .compose(
            buyers -> {
              Future<Void> all = Future.succeededFuture();
              for (TenantId buyer : buyers) {
                all = all.compose(v -> recover(scopes.of(HubPrincipals.bookkeeper(buyer))));
              }
              return all.map(buyers.size());
            })
        .onComplete(done -> recovering.set(false));
  }

  private Future<List<TenantId>> buyers(int rank, List<TenantId> found) {
    return store
        .run(LISTED, List.of(BUYERS), List.of(Integer.toString(rank), Integer.toString(PAGE)))
        .compose(
            page -> {
              for (int i = 0; i < page.size(); i++) {
                found.add(new TenantId(page.text(i)));
              }
              return page.size() < PAGE || found.size() >= MAX_BUYERS
                  ? Future.succeededFuture(found)
                  : buyers(rank + PAGE, found);
            });
  }

  private Future<Void> recover(TenantScope buyer) {
    long readNanos = System.nanoTime();
    return reservations
        .sweep(buyer)
        .compose(swept -> store.hashGetAll(Books.owed(buyer)))
        .compose(
            debts -> {
              Future<Void> all = Future.succeededFuture();
              for (Map.Entry<String, String> debt : debts.entrySet()) {
                Owed owed = Owed.parse(debt.getKey(), debt.getValue());
                all = all.compose(v -> settle(buyer, owed, readNanos));
              }
              return all;
            })
        .compose(v -> store.hashSize(Books.reservations(buyer)))
        .compose(open -> open > 0 ? Future.succeededFuture(open) : owed(buyer))
        .compose(open -> open > 0 ? Future.<ScriptResult>succeededFuture() : unlist(buyer))
        .mapEmpty();
  }

  private Future<Long> owed(TenantScope buyer) {
    return store.hashSize(Books.owed(buyer));
  }

  private Future<ScriptResult> unlist(TenantScope buyer) {
    return store.run(
        UNLIST,
        List.of(BUYERS),
        List.of(buyer.tenant().value(), Long.toString(UNLIST_AFTER.toMillis())));
  }
}
