package dev.parley.hub.quota;

import static dev.parley.hub.quota.Fixture.budget;
import static dev.parley.hub.quota.Fixture.eventually;
import static dev.parley.hub.quota.Fixture.refusal;
import static dev.parley.hub.quota.Fixture.tenant;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(RedisExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BudgetsTest {
  private static final AgentId MAIN = new AgentId("main");
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration AT_ONCE = Duration.ofMillis(1);
  private static final Limits AMPLE = Plan.UNMETERED.limits();

  private final Vertx vertx = Vertx.vertx();
  private Store store;
  private Node node;
  private Budgets budgets;

  @BeforeAll
  void start(Store running) {
    store = running;
    node = Node.start(vertx, store);
    budgets = node.budgets();
  }

  @AfterAll
  void stop() {
    node.close();
    await(vertx.close());
  }

  @Test
  void whatIsReservedCountsAsUsedAndWhatWasNotUsedComesBack() {
    TenantScope scope = tenant();
    Reservation held = await(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 1_000, 500, LONG)));
    assertEquals(1_000, node.used(scope, "tokens_per_day"));
    assertEquals(500, node.used(scope, "millicents_per_month"));
    assertEquals(0, node.total(scope, "spentMillicents"));

    Settlement settled = await(budgets.settle(scope, held, 100, 20, 60));
    assertEquals(new Settlement(true, 120, 60, 0, 0), settled);
    assertEquals(120, node.used(scope, "tokens_per_day"));
    assertEquals(120, node.used(scope, "tokens_per_month"));
    assertEquals(60, node.used(scope, "millicents_per_day"));
    assertEquals(60, node.used(scope, "millicents_per_month"));
    assertEquals(100, node.total(scope, "inputTokens"));
    assertEquals(20, node.total(scope, "outputTokens"));
    assertEquals(60, node.total(scope, "spentMillicents"));
  }

  @Test
  void aThousandConcurrentReservationsOnSeveralNodesNeverPassTheLimitAndUseItFully() {
    TenantScope scope = tenant();
    Limits limits = budget(3_000, 1_000_000, 1_000_000, 1_000_000);
    List<Node> nodes = new ArrayList<>();
    List<Context> loops = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      nodes.add(Node.start(vertx, store));
      loops.add(vertx.getOrCreateContext());
    }
    AtomicInteger reserved = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    List<Future<Void>> all = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      Promise<Void> done = Promise.promise();
      all.add(done.future());
      Node at = nodes.get(i % 4);
      loops
          .get(i % 4)
          .runOnContext(
              v ->
                  at.budgets()
                      .reserve(scope, limits, Spend.of(MAIN, 10, 1, LONG))
                      .onSuccess(held -> reserved.incrementAndGet())
                      .onFailure(
                          e -> {
                            assertEquals(ErrorCode.BUDGET_EXCEEDED, ((ParleyException) e).code());
                            refused.incrementAndGet();
                          })
                      .onComplete(held -> done.complete()));
    }
    await(Future.all(all));
    assertEquals(300, reserved.get());
    assertEquals(700, refused.get());
    assertEquals(3_000, node.used(scope, "tokens_per_day"));
    nodes.forEach(Node::close);
  }

  @ParameterizedTest
  @CsvSource({
    "tokens_per_day, 100, 1000, 1000, 1000, 100",
    "tokens_per_month, 1000, 100, 1000, 1000, 100",
    "millicents_per_day, 1000, 1000, 100, 1000, 100",
    "millicents_per_month, 1000, 1000, 1000, 100, 100",
  })
  void aRefusalNamesTheTenantsLimitTheAmountsAndTheReset(
      String limit, long dayTokens, long monthTokens, long dayMoney, long monthMoney, long max) {
    TenantScope scope = tenant();
    Limits limits = budget(dayTokens, monthTokens, dayMoney, monthMoney);
    await(budgets.reserve(scope, limits, Spend.of(MAIN, 70, 70, LONG)));
    ParleyException refused = refusal(budgets.reserve(scope, limits, Spend.of(MAIN, 31, 31, LONG)));
    assertEquals(ErrorCode.BUDGET_EXCEEDED, refused.code());
    assertEquals(limit, refused.details().get("limit"));
    assertEquals("tenant " + scope.tenant(), refused.details().get("owner"));
    assertEquals(70L, refused.details().get("used"));
    assertEquals(31L, refused.details().get("requested"));
    assertEquals(max, refused.details().get("max"));
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    LocalDate reset =
        limit.endsWith("day") ? today.plusDays(1) : YearMonth.from(today).plusMonths(1).atDay(1);
    long resetsAt = reset.atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
    assertEquals(resetsAt, refused.details().get("resetsAt"));
    assertTrue(refused.retryAfterMs() > 0);
    assertTrue(refused.text().contains("has used 70 of its 100"), refused.text());
    assertTrue(refused.text().endsWith("ask the operator of this hub for a higher plan"));
    await(budgets.reserve(scope, limits, Spend.of(MAIN, 30, 30, LONG)));
  }

  @Test
  void anAgentAndAChannelHaveLimitsInsideTheTenants() {
    TenantScope scope = tenant();
    Spend spend = Spend.of(MAIN, 60, 0, LONG).withAgentLimit(100L);
    await(budgets.reserve(scope, AMPLE, spend));
    ParleyException agent =
        refusal(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 41, 0, LONG).withAgentLimit(100L)));
    assertEquals("agent_tokens_per_day", agent.details().get("limit"));
    assertEquals("agent " + scope.tenant() + "/main", agent.details().get("owner"));
    assertEquals(60L, agent.details().get("used"));

    AgentId other = new AgentId("other");
    await(budgets.reserve(scope, AMPLE, Spend.of(other, 50, 0, LONG).through("ch_1", 80L)));
    ParleyException channel =
        refusal(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 31, 0, LONG).through("ch_1", 80L)));
    assertEquals("channel_tokens_per_day", channel.details().get("limit"));
    assertEquals("channel ch_1", channel.details().get("owner"));
    assertEquals(50L, channel.details().get("used"));
    await(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 31, 0, LONG).through("ch_2", 80L)));
  }

  @Test
  void aRefusalOfOneLevelTakesNothingFromTheOthers() {
    TenantScope scope = tenant();
    refusal(
        budgets.reserve(
            scope, AMPLE, Spend.of(MAIN, 10, 10, LONG).through("ch_1", 5L).withAgentLimit(50L)));
    assertEquals(0, node.used(scope, "tokens_per_day"));
    assertEquals(0, node.used(scope, "millicents_per_month"));
    assertNoKeys(scope);
  }

  @Test
  void theSameSpendReservedTwiceIsTakenOnce() {
    TenantScope scope = tenant();
    Spend spend = Spend.of(MAIN, 10, 1, LONG);
    Reservation first = await(budgets.reserve(scope, AMPLE, spend));
    assertEquals(first, await(budgets.reserve(scope, AMPLE, spend)));
    assertEquals(10, node.used(scope, "tokens_per_day"));
  }

  @Test
  void settlingOrReleasingASecondTimeDoesNothing() {
    TenantScope scope = tenant();
    Reservation held = await(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 100, 10, LONG)));
    await(budgets.settle(scope, held, 30, 20, 5));
    assertFalse(await(budgets.settle(scope, held, 30, 20, 5)).settled());
    await(budgets.release(scope, held));
    assertEquals(50, node.used(scope, "tokens_per_day"));
    assertEquals(5, node.total(scope, "spentMillicents"));
  }

  @Test
  void aReleasedReservationLeavesNoKeyBehind() {
    TenantScope scope = tenant();
    Spend spend = Spend.of(MAIN, 100, 10, LONG).through("ch_1", 1_000L).withAgentLimit(1_000L);
    await(budgets.release(scope, await(budgets.reserve(scope, AMPLE, spend))));
    assertNoKeys(scope);
  }

  @Test
  void aReservationWhoseHolderDiedStaysSpentAndIsBookedAsSuch() {
    TenantScope scope = tenant();
    Spend spend = Spend.of(MAIN, 100, 10, AT_ONCE).through("ch_1", null);
    Reservation held = await(budgets.reserve(scope, AMPLE, spend));
    eventually(() -> node.total(scope, "outputTokens") == 100);
    assertEquals(10, node.total(scope, "spentMillicents"));
    assertEquals(100, node.used(scope, "tokens_per_day"));
    assertEquals(100, Node.sum(node.report(scope), "/agents/main/outputTokens"));
    assertEquals(100, Node.sum(node.report(scope), "/channels/ch_1/outputTokens"));
    assertFalse(await(budgets.settle(scope, held, 1, 1, 1)).settled());
    assertEquals(100, node.used(scope, "tokens_per_day"));
    assertEquals(0, await(store.hashSize(Books.reservations(scope))));
  }

  @Test
  void theNextReservationFindsWhatIsOverdue() {
    TenantScope scope = tenant();
    await(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 100, 0, AT_ONCE)));
    eventually(
        () -> {
          Reservation probe = await(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 1, 0, LONG)));
          await(budgets.release(scope, probe));
          return await(store.hashSize(Books.reservations(scope))) == 0;
        });
    assertEquals(100, node.total(scope, "outputTokens"));
  }

  @Test
  void aProviderThatUsesMoreThanWasReservedIsBookedAsItWas() {
    TenantScope scope = tenant();
    Limits limits = budget(100, 1_000, 100, 1_000);
    Reservation held = await(budgets.reserve(scope, limits, Spend.of(MAIN, 100, 10, LONG)));
    Settlement settled = await(budgets.settle(scope, held, 90, 30, 15));
    assertEquals(new Settlement(true, 120, 15, 20, 5), settled);
    assertEquals(120, node.used(scope, "tokens_per_day"));
    assertEquals(15, node.total(scope, "spentMillicents"));
    refusal(budgets.reserve(scope, limits, Spend.of(MAIN, 1, 0, LONG)));
    await(budgets.reserve(scope, limits, Spend.of(MAIN, 0, 1, LONG)));
  }

  @Test
  void aReservationCountsOnTheDayItWasMadeOn() {
    TenantScope scope = tenant();
    Reservation today = await(budgets.reserve(scope, AMPLE, Spend.of(MAIN, 7, 3, LONG)));
    long yesterday = today.day() - 1;
    String id = "made-yesterday";
    await(store.hashSet(Books.day(scope, yesterday), "T", "500"));
    await(store.hashSet(Books.month(scope, yesterday), "t", "500"));
    await(store.hashSet(Books.reservations(scope), id, yesterday + " 500 0 main - - - - try-1"));
    await(budgets.settle(scope, new Reservation(id, yesterday, 500, 0), 20, 5, 0));
    JsonNode days = node.report(scope).path("days");
    assertEquals(20, days.path(0).path("total").path("inputTokens").asLong());
    assertEquals(0, days.path(1).path("total").path("inputTokens").asLong());
    assertEquals("25", await(store.hashGet(Books.day(scope, yesterday), "T")));
    assertEquals(7, node.used(scope, "tokens_per_day"));
  }

  @Test
  void redissClockSaysWhichDayItIsNotTheNodes() {
    TenantScope scope = tenant();
    try (Node wrong = Node.start(vertx, store)) {
      long ahead = System.currentTimeMillis() + Duration.ofDays(40).toMillis();
      wrong.sales().reservations().clock().observe(ahead);
      Reservation held = await(wrong.budgets().reserve(scope, AMPLE, Spend.of(MAIN, 7, 3, LONG)));
      assertEquals(LocalDate.now(ZoneOffset.UTC), LocalDate.ofEpochDay(held.day()));
    }
  }

  @Test
  void aReservationWhoseAnswerWasLostIsGivenBack() {
    TenantScope scope = tenant();
    AtomicBoolean broken = new AtomicBoolean(true);
    try (Node unlucky = losingAnswersOf("budget-reserve", broken)) {
      Future<Reservation> lost =
          unlucky.budgets().reserve(scope, AMPLE, Spend.of(MAIN, 100, 10, LONG));
      assertEquals(ErrorCode.UNAVAILABLE, refusal(lost).code());
      assertEquals(100, node.used(scope, "tokens_per_day"));
      eventually(() -> node.used(scope, "tokens_per_day") == 0);
    }
  }

  @Test
  void aSpendReservedAgainAfterALostAnswerIsNotGivenBack() {
    TenantScope scope = tenant();
    AtomicBoolean broken = new AtomicBoolean(true);
    AtomicBoolean undone = new AtomicBoolean();
    Store losing =
        new BreakingStore(
            store,
            command -> {
              undone.compareAndSet(false, command.equals("budget-settle"));
              return command.equals("budget-reserve") && broken.getAndSet(false)
                  ? BreakingStore.Fate.ANSWER_LOST
                  : BreakingStore.Fate.DONE;
            });
    try (Node unlucky = Node.start(vertx, losing)) {
      Spend spend = Spend.of(MAIN, 100, 10, LONG);
      refusal(unlucky.budgets().reserve(scope, AMPLE, spend));
      Reservation held = await(unlucky.budgets().reserve(scope, AMPLE, spend));
      eventually(undone::get);
      await(store.ping());
      assertEquals(100, node.used(scope, "tokens_per_day"));
      assertTrue(await(unlucky.budgets().settle(scope, held, 40, 2, 1)).settled());
    }
  }

  @Test
  void aSettlementThatFailsIsTriedAgainByItself() {
    TenantScope scope = tenant();
    AtomicBoolean broken = new AtomicBoolean(true);
    try (Node unlucky = losingAnswersOf("budget-settle", broken)) {
      Reservation held =
          await(unlucky.budgets().reserve(scope, AMPLE, Spend.of(MAIN, 100, 10, LONG)));
      refusal(unlucky.budgets().settle(scope, held, 40, 2, 1));
      eventually(() -> node.total(scope, "inputTokens") == 40);
      assertEquals(42, node.used(scope, "tokens_per_day"));
    }
  }

  @Test
  void aRaisedLimitAppliesToTheNextReservation() {
    TenantScope scope = tenant();
    await(budgets.reserve(scope, budget(10, 100, 9, 9), Spend.of(MAIN, 10, 0, LONG)));
    refusal(budgets.reserve(scope, budget(10, 100, 9, 9), Spend.of(MAIN, 1, 0, LONG)));
    await(budgets.reserve(scope, budget(11, 100, 9, 9), Spend.of(MAIN, 1, 0, LONG)));
  }

  @Test
  void aTenantIsNotChargedForAnother() {
    TenantScope one = tenant();
    TenantScope other = tenant();
    await(budgets.reserve(one, budget(10, 10, 0, 0), Spend.of(MAIN, 10, 0, LONG)));
    await(budgets.reserve(other, budget(10, 10, 0, 0), Spend.of(MAIN, 10, 0, LONG)));
    assertEquals(10, node.used(one, "tokens_per_day"));
  }

  @ParameterizedTest
  @CsvSource({"-1, 0, 1000, tokens", "0, -1, 1000, millicents", "1, 1, 0, ttl"})
  void anAmountOutOfRangeIsRefusedByName(long tokens, long money, long ttlMs, String field) {
    ParleyException refused =
        assertThrows(
            ParleyException.class, () -> Spend.of(MAIN, tokens, money, Duration.ofMillis(ttlMs)));
    assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    assertEquals(field, refused.details().get("field"));
  }

  private Node losingAnswersOf(String script, AtomicBoolean broken) {
    return Node.start(
        vertx,
        new BreakingStore(
            store,
            command ->
                command.equals(script) && broken.getAndSet(false)
                    ? BreakingStore.Fate.ANSWER_LOST
                    : BreakingStore.Fate.DONE));
  }

  private void assertNoKeys(TenantScope scope) {
    long today = LocalDate.now(ZoneOffset.UTC).toEpochDay();
    List<Key> keys =
        List.of(
            Books.reservations(scope),
            Books.reservationEnds(scope),
            Books.owed(scope),
            Books.day(scope, today),
            Books.month(scope, today));
    assertEquals(0, await(store.delete(keys.toArray(Key[]::new))));
  }
}
