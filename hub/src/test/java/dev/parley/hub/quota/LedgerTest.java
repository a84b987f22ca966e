package dev.parley.hub.quota;

import static dev.parley.hub.quota.Fixture.eventually;
import static dev.parley.hub.quota.Fixture.refusal;
import static dev.parley.hub.quota.Fixture.tenant;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LedgerTest {
  private static final AgentId MAIN = new AgentId("main");
  private final LocalDate today = LocalDate.now(ZoneOffset.UTC);

  private final Vertx vertx = Vertx.vertx();
  private Store store;
  private Node node;
  private Ledger ledger;

  @BeforeAll
  void start(Store running) {
    store = running;
    node = Node.start(vertx, store);
    ledger = node.ledger();
  }

  @AfterAll
  void stop() {
    node.close();
    await(vertx.close());
  }

  @Test
  void countsAreBookedToTheTenantTheAgentAndTheChannel() {
    TenantScope scope = tenant();
    ledger.count(scope, MAIN, "ch_1", Counter.CALLS);
    ledger.count(scope, MAIN, null, Counter.CALLS);
    ledger.count(scope, null, "ch_1", Counter.HANDLED);
    ledger.count(scope, null, null, Counter.REFUSED);
    JsonNode report = node.report(scope);
    assertEquals(2, Node.sum(report, "/total/calls"));
    assertEquals(1, Node.sum(report, "/total/handled"));
    assertEquals(1, Node.sum(report, "/total/refused"));
    assertEquals(2, Node.sum(report, "/agents/main/calls"));
    assertEquals(1, Node.sum(report, "/channels/ch_1/calls"));
    assertEquals(1, Node.sum(report, "/channels/ch_1/handled"));
  }

  @Test
  void aReportIsOfTheShapeTheContractSays() {
    TenantScope scope = tenant();
    ledger.count(scope, MAIN, "ch_1", Counter.CALLS);
    Reservation held =
        await(
            node.budgets()
                .reserve(
                    scope,
                    Plan.PRO.limits(),
                    Spend.of(MAIN, 10, 5, Duration.ofMinutes(1)).through("ch_1", null)));
    await(node.budgets().settle(scope, held, 3, 4, 5));
    ObjectNode report = await(ledger.report(scope, Plan.PRO.limits(), today.minusDays(2), today));
    assertEquals(List.of(), usageReportSchema().validate(report));
    assertEquals(scope.tenant().value(), report.path("tenant").asText());
    assertEquals(3, report.path("days").size());
    JsonNode limit = report.path("limits").path(0);
    assertEquals("tokens_per_day", limit.path("limit").asText());
    assertEquals(7, limit.path("used").asLong());
    assertEquals(5_000_000, limit.path("max").asLong());
  }

  @Test
  void aTenantThatUsedNothingHasAnEmptyReportAndNoKey() {
    TenantScope scope = tenant();
    JsonNode report = node.report(scope);
    assertEquals(0, Node.sum(report, "/total/calls"));
    assertEquals(0, report.path("days").path(0).path("agents").size());
    assertEquals(Map.of(), await(store.hashGetAll(Books.day(scope, today.toEpochDay()))));
  }

  @Test
  void countsOfManyThreadsAndNodesAreAllThere() throws InterruptedException {
    TenantScope scope = tenant();
    List<Node> nodes = List.of(Node.start(vertx, store), Node.start(vertx, store));
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Ledger counting = nodes.get(i % 2).ledger();
      Thread thread =
          new Thread(
              () -> {
                for (int n = 0; n < 100_000; n++) {
                  counting.count(scope, MAIN, n % 2 == 0 ? "ch_1" : null, Counter.CALLS);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        nodes.forEach(one -> await(one.ledger().flush()));
        thread.join(1);
      }
    }
    nodes.forEach(Node::close);
    JsonNode report = node.report(scope);
    assertEquals(600_000, Node.sum(report, "/total/calls"));
    assertEquals(600_000, Node.sum(report, "/agents/main/calls"));
    assertEquals(300_000, Node.sum(report, "/channels/ch_1/calls"));
  }

  @Test
  void countsArriveByThemselves() {
    TenantScope scope = tenant();
    ledger.count(scope, null, null, Counter.CALLS);
    eventually(() -> "1".equals(await(store.hashGet(Books.day(scope, today.toEpochDay()), "c"))));
  }

  @Test
  void aBatchWhoseAnswerWasLostIsCountedOnce() {
    TenantScope scope = tenant();
    AtomicBoolean broken = new AtomicBoolean(true);
    Store losing =
        new BreakingStore(
            store,
            command ->
                command.equals("ledger-count") && broken.getAndSet(false)
                    ? BreakingStore.Fate.ANSWER_LOST
                    : BreakingStore.Fate.DONE);
    try (Node unlucky = Node.start(vertx, losing)) {
      for (int i = 0; i < 5; i++) {
        unlucky.ledger().count(scope, MAIN, null, Counter.CALLS);
      }
      refusal(unlucky.ledger().flush());
      unlucky.ledger().count(scope, MAIN, null, Counter.CALLS);
      await(unlucky.ledger().flush());
      await(unlucky.ledger().flush());
      assertEquals(6, unlucky.total(scope, "calls"));
    }
  }

  @Test
  void whileRedisIsAwayCountsGatherAndNothingIsLost() {
    TenantScope scope = tenant();
    AtomicBoolean away = new AtomicBoolean(true);
    Store breaking =
        new BreakingStore(
            store, command -> away.get() ? BreakingStore.Fate.NOT_SENT : BreakingStore.Fate.DONE);
    try (Node cut = Node.start(vertx, breaking)) {
      for (int i = 0; i < 10; i++) {
        cut.ledger().count(scope, MAIN, null, Counter.CALLS);
        refusal(cut.ledger().flush());
      }
      away.set(false);
      eventually(() -> cut.total(scope, "calls") == 10);
    }
  }

  @Test
  void closingWritesWhatWasCounted() {
    TenantScope scope = tenant();
    Node closing = Node.start(vertx, store);
    closing.ledger().count(scope, MAIN, null, Counter.CALLS);
    closing.close();
    assertEquals(1, node.total(scope, "calls"));
  }

  @Test
  void aRangeThatCannotBeReportedIsRefusedByName() {
    TenantScope scope = tenant();
    assertField("from", refusal(report(scope, today.minusDays(92), today)));
    assertField("from", refusal(report(scope, today, today.minusDays(1))));
    assertField("to", refusal(report(scope, today, today.plusDays(3))));
    assertEquals(92, await(report(scope, today.minusDays(91), today)).path("days").size());
    assertEquals(1, await(report(scope, null, null)).path("days").size());
  }

  private io.vertx.core.Future<ObjectNode> report(TenantScope scope, LocalDate from, LocalDate to) {
    return ledger.report(scope, Plan.FREE.limits(), from, to);
  }

  private static void assertField(String field, ParleyException refused) {
    assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    assertEquals(field, refused.details().get("field"));
    assertTrue(refused.text().length() > 20, refused.text());
  }

  private static Schema usageReportSchema() {
    ObjectNode bundle = Json.object().put("$id", "urn:test");
    bundle.set("$defs", Contract.load().definitions());
    return SchemaRegistry.withDefaultDialect(
            Dialects.getDraft202012(),
            builder -> builder.schemas(Map.of("urn:test", Json.write(bundle))))
        .getSchema(SchemaLocation.of("urn:test#/$defs/UsageReport"));
  }
}
