package dev.parley.hub.quota;

import static dev.parley.hub.store.RedisExtension.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScope;
import io.vertx.core.Vertx;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** Everything of this package that one node has. */
record Node(Sales sales, Budgets budgets, Ledger ledger) implements AutoCloseable {

  static Node start(Vertx vertx, Store store) {
    Sales sales = new Sales(vertx, store, Fixture.SCOPES);
    return new Node(sales, new Budgets(vertx, store, sales), new Ledger(vertx, store, sales));
  }

  /** The report of yesterday and today, so that a test that runs over midnight sees all it did. */
  JsonNode report(TenantScope scope) {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    return await(ledger.report(scope, Plan.FREE.limits(), today.minusDays(1), today));
  }

  /** A number of the total rows of {@link #report}. */
  long total(TenantScope scope, String name) {
    return sum(report(scope), "/total/" + name);
  }

  static long sum(JsonNode report, String pointer) {
    long sum = 0;
    for (JsonNode day : report.path("days")) {
      sum += day.at(pointer).asLong();
    }
    return sum;
  }

  /** What is taken out of a budget. */
  long used(TenantScope scope, String limit) {
    for (JsonNode state : report(scope).path("limits")) {
      if (state.path("limit").asText().equals(limit)) {
        return state.path("used").asLong();
      }
    }
    throw new AssertionError("the report has no limit " + limit);
  }

  @Override
  public void close() {
    sales.close();
    await(ledger.close());
  }
}
