package dev.parley.hub.quota;

import static dev.parley.hub.quota.Fixture.eventually;
import static dev.parley.hub.quota.Fixture.tenant;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.quota.BreakingStore.Fate;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(RedisExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SalesTest {
  private static final AgentId BUYING = new AgentId("buying");
  private static final AgentId SELLING = new AgentId("selling");
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Limits AMPLE = Plan.UNMETERED.limits();

  private final Vertx vertx = Vertx.vertx();
  private Store store;
  private Node node;

  @BeforeAll
  void start(Store running) {
    store = running;
    node = Node.start(vertx, store);
  }

  @AfterAll
  void stop() {
    node.close();
    await(vertx.close());
  }

  @Test
  void whatTheBuyerPaidTheSellerEarnsWithItsAgentAndChannel() {
    TenantScope buyer = tenant();
    TenantScope seller = tenant();
    Reservation held = reserve(node, buyer, seller, 700, LONG);
    await(node.budgets().settle(buyer, held, 10, 20, 650));
    eventually(() -> node.total(seller, "earnedMillicents") == 650);
    assertEquals(650, node.total(buyer, "spentMillicents"));
    assertEquals(650, node.used(buyer, "millicents_per_day"));
    assertEquals(650, Node.sum(node.report(seller), "/agents/selling/earnedMillicents"));
    assertEquals(650, Node.sum(node.report(seller), "/channels/ch_s/earnedMillicents"));
    assertEquals(0, node.total(seller, "spentMillicents"));
    eventually(() -> await(store.hashSize(Books.owed(buyer))) == 0);
  }

  @Test
  void aSellerNeverGetsMoreThanTheBuyerReserved() {
    TenantScope buyer = tenant();
    TenantScope seller = tenant();
    Reservation held = reserve(node, buyer, seller, 100, LONG);
    Settlement settled = await(node.budgets().settle(buyer, held, 0, 0, 130));
    assertEquals(new Settlement(true, 0, 100, 0, 30), settled);
    eventually(() -> node.total(seller, "earnedMillicents") == 100);
    assertEquals(100, node.total(buyer, "spentMillicents"));
  }

  @Test
  void aReleasedSaleEarnsNothing() {
    TenantScope buyer = tenant();
    TenantScope seller = tenant();
    await(node.budgets().release(buyer, reserve(node, buyer, seller, 100, LONG)));
    assertEquals(0, await(store.hashSize(Books.owed(buyer))));
    assertEquals(0, node.total(seller, "earnedMillicents"));
    assertEquals(0, node.total(buyer, "spentMillicents"));
  }

  @Test
  void anOverdueSaleIsPaidAndEarned() {
    TenantScope buyer = tenant();
    TenantScope seller = tenant();
    reserve(node, buyer, seller, 100, Duration.ofMillis(1));
    eventually(
        () -> {
          await(node.sales().recover());
          return node.total(seller, "earnedMillicents") == 100;
        });
    assertEquals(100, node.total(buyer, "spentMillicents"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sale-credit", "hashDelete", "sale-close"})
  void aNodeThatDiesAtAnyStepIsFollowedByOneThatFinishesTheSaleOnce(String step) {
    for (Fate fate : List.of(Fate.NOT_SENT, Fate.ANSWER_LOST)) {
      TenantScope buyer = tenant();
      TenantScope seller = tenant();
      AtomicBoolean dead = new AtomicBoolean();
      Node dying =
          nodeWith(
              command -> {
                if (command.equals(step)) {
                  dead.set(true);
                  return fate;
                }
                return dead.get() ? Fate.NOT_SENT : Fate.DONE;
              });
      Reservation held = reserve(dying, buyer, seller, 100, LONG);
      await(dying.budgets().settle(buyer, held, 0, 0, 70));
      eventually(dead::get);
      await(node.sales().recover());
      await(node.sales().recover());
      assertEquals(70, node.total(seller, "earnedMillicents"), step + " " + fate);
      assertEquals(70, node.total(buyer, "spentMillicents"), step + " " + fate);
      assertEquals(0, await(store.hashSize(Books.owed(buyer))), step + " " + fate);
    }
  }

  @Test
  void aNodeThatActsOnADebtItReadBeforeAnotherRemovedItCreditsNothing() {
    TenantScope buyer = tenant();
    TenantScope seller = tenant();
    List<Future<?>> inTheMeantime = new ArrayList<>();
    AtomicBoolean first = new AtomicBoolean(true);
    Store slow =
        new ForwardingStore(store) {
          @Override
          public Future<ScriptResult> run(
              Script script, List<dev.parley.hub.store.Key> keys, List<String> arguments) {
            if (script.name().equals("sale-credit") && first.getAndSet(false)) {
              Future<Integer> recovered = node.sales().recover();
              inTheMeantime.add(recovered);
              return recovered.compose(done -> super.run(script, keys, arguments));
            }
            return super.run(script, keys, arguments);
          }
        };
    Node late = Node.start(vertx, slow);
    Reservation held = reserve(late, buyer, seller, 100, LONG);
    await(late.budgets().settle(buyer, held, 0, 0, 80));
    eventually(() -> !inTheMeantime.isEmpty());
    await(inTheMeantime.get(0));
    await(late.sales().recover());
    late.close();
    assertEquals(80, node.total(seller, "earnedMillicents"));
  }

  @Test
  void aReservationWhoseListingIsTooOldIsListedAnew() {
    TenantScope buyer = tenant();
    TenantScope seller = tenant();
    List<String> scripts = new ArrayList<>();
    Store stale =
        new ForwardingStore(store) {
          @Override
          public Future<ScriptResult> run(
              Script script, List<dev.parley.hub.store.Key> keys, List<String> arguments) {
            scripts.add(script.name());
            boolean tooEarly = script.name().equals("sale-list") && scripts.size() == 1;
            return super.run(script, keys, arguments)
                .map(
                    result ->
                        tooEarly ? new ScriptResult(List.of(result.integer(0) - 21_000)) : result);
          }
        };
    try (Node paused = Node.start(vertx, stale)) {
      reserve(paused, buyer, seller, 100, LONG);
      assertEquals(
          List.of("sale-list", "budget-reserve", "sale-list", "budget-reserve"),
          scripts.subList(0, 4));
    }
  }

  @Test
  void aBuyerStaysListedWhileSomethingOfItIsOpen() {
    TenantScope buyer = tenant();
    TenantScope seller = tenant();
    Reservation held = reserve(node, buyer, seller, 100, LONG);
    await(node.sales().recover());
    assertTrue(listed().contains(buyer.tenant().value()));
    await(node.budgets().release(buyer, held));
    await(node.sales().recover());
    assertTrue(listed().contains(buyer.tenant().value()), "unlisted within a minute");
    await(
        store.run(
            new Script("sale-unlist"),
            List.of(Keyspace.platform().key("buyers")),
            List.of(buyer.tenant().value(), "-1")));
    assertTrue(!listed().contains(buyer.tenant().value()));
  }

  @Test
  void whateverDiesWheneverTheSumsAgreeToTheMillicent() {
    for (long seed = 1; seed <= 12; seed++) {
      Random random = new Random(seed);
      List<TenantScope> buyers = List.of(tenant(), tenant(), tenant());
      List<TenantScope> sellers = List.of(tenant(), tenant());
      for (int life = 0; life < 8; life++) {
        liveAndDie(random, buyers, sellers);
      }
      eventually(
          () -> {
            await(node.sales().recover());
            long open = 0;
            for (TenantScope buyer : buyers) {
              open += await(store.hashSize(Books.reservations(buyer)));
              open += await(store.hashSize(Books.owed(buyer)));
            }
            return open == 0;
          });
      long spent = sum(buyers, "spentMillicents");
      long used = buyers.stream().mapToLong(one -> node.used(one, "millicents_per_day")).sum();
      assertTrue(spent > 0, "nothing was sold with seed " + seed);
      assertEquals(spent, sum(sellers, "earnedMillicents"), "seed " + seed);
      assertEquals(spent, used, "seed " + seed);
    }
  }

  /** A node that sells until one of its commands fails; from then on all do. */
  private void liveAndDie(Random random, List<TenantScope> buyers, List<TenantScope> sellers) {
    AtomicBoolean dead = new AtomicBoolean();
    Node mortal =
        nodeWith(
            command -> {
              synchronized (random) {
                if (dead.get()) {
                  return Fate.NOT_SENT;
                }
                dead.set(random.nextInt(40) == 0);
                return !dead.get()
                    ? Fate.DONE
                    : random.nextBoolean() ? Fate.ANSWER_LOST : Fate.NOT_SENT;
              }
            });
    List<Future<?>> sold = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      TenantScope buyer = buyers.get(random.nextInt(buyers.size()));
      TenantScope seller = sellers.get(random.nextInt(sellers.size()));
      long price = 1L + random.nextInt(1_000);
      long due = random.nextInt(4) == 0 ? 0 : price - random.nextInt((int) price);
      Duration ttl = random.nextInt(5) == 0 ? Duration.ofMillis(1) : Duration.ofMillis(400);
      sold.add(
          mortal
              .budgets()
              .reserve(buyer, AMPLE, spend(seller, price, ttl))
              .compose(held -> mortal.budgets().settle(buyer, held, 1, 1, due))
              .otherwiseEmpty());
    }
    Future<Integer> racing =
        random.nextBoolean() ? node.sales().recover() : mortal.sales().recover();
    await(Future.join(sold));
    await(racing.otherwise(0));
    dead.set(true);
  }

  private long sum(List<TenantScope> scopes, String name) {
    return scopes.stream().mapToLong(scope -> node.total(scope, name)).sum();
  }

  private List<String> listed() {
    ScriptResult page =
        await(
            store.run(
                new Script("sale-listed"),
                List.of(Keyspace.platform().key("buyers")),
                List.of("0", "1000")));
    List<String> tenants = new ArrayList<>();
    for (int i = 0; i < page.size(); i++) {
      tenants.add(page.text(i));
    }
    return tenants;
  }

  private Node nodeWith(Function<String, Fate> fates) {
    return Node.start(vertx, new BreakingStore(store, fates));
  }

  private static Spend spend(TenantScope seller, long price, Duration ttl) {
    return Spend.of(BUYING, 100, price, ttl)
        .through("ch_b", null)
        .earnedBy(new Seller(seller.tenant(), SELLING, "ch_s"));
  }

  private static Reservation reserve(
      Node at, TenantScope buyer, TenantScope seller, long price, Duration ttl) {
    return await(at.budgets().reserve(buyer, AMPLE, spend(seller, price, ttl)));
  }
}
