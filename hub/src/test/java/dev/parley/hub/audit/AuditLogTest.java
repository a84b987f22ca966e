package dev.parley.hub.audit;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.audit.AuditChain;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class AuditLogTest {
  private static TenantScope scope(String tenant) {
    return new TenantScopes(Path.of("unused")).of(OwnerOf.tenant(tenant));
  }

  private static AuditEntry entry(String operation, AuditEntry.Outcome outcome) {
    return new AuditEntry(
        1_000,
        new AuditEntry.Actor("acme", "owner", "k1", "local"),
        operation,
        outcome,
        outcome == AuditEntry.Outcome.REFUSED ? "forbidden" : null,
        Map.of(),
        1);
  }

  private static List<JsonNode> verified(AuditLog log, TenantScope scope) {
    AuditChain chain = new AuditChain();
    List<JsonNode> entries = new ArrayList<>();
    AuditPage page;
    do {
      page = await(log.read(scope, chain.next() - 1, 100));
      for (AuditPage.Row row : page.entries()) {
        assertEquals(Optional.empty(), chain.append(row.text(), row.hash()));
        entries.add(Json.parse("text", row.text()));
      }
    } while (chain.next() <= page.seq());
    assertEquals(page.hash(), chain.head());
    return entries;
  }

  @Test
  void nodesThatAppendAtOnceMakeOneChainWithEveryEntryOnce(Store store) {
    TenantScope scope = scope("crowd");
    List<AuditLog> nodes = List.of(new AuditLog(store), new AuditLog(store), new AuditLog(store));
    List<Future<Void>> writing = new ArrayList<>();
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 600; i++) {
      String name = "operation-" + i;
      names.add(name);
      AuditLog node = nodes.get(i % nodes.size());
      writing.add(node.append(scope, entry(name, AuditEntry.Outcome.DONE)));
    }
    await(Future.all(writing));
    List<JsonNode> entries = verified(nodes.get(0), scope);
    assertEquals(600, entries.size());
    Set<String> found = new TreeSet<>();
    entries.forEach(e -> found.add(e.path("operation").asText()));
    assertEquals(names, found);
    nodes.forEach(node -> assertEquals(0, node.waiting()));
  }

  @Test
  void logsOfTenantsAreApart(Store store) {
    AuditLog log = new AuditLog(store);
    await(log.append(scope("one"), entry("keys.create", AuditEntry.Outcome.DONE)));
    await(log.append(scope("two"), entry("keys.revoke", AuditEntry.Outcome.DONE)));
    assertEquals(1, verified(log, scope("one")).size());
    assertEquals("keys.revoke", verified(log, scope("two")).get(0).path("operation").asText());
    assertEquals(0, await(log.read(scope("three"), 0, 10)).seq());
  }

  @Test
  void equalRefusalsBecomeTwoEntriesOfWhichTheSecondTellsHowMany(Store store) {
    Vertx vertx = Vertx.vertx();
    AuditLog log = new AuditLog(store);
    TenantScope scope = scope("refused");
    RepeatedRefusals refusals = new RepeatedRefusals(vertx, log, Clock.systemUTC(), 300);
    for (int i = 0; i < 50; i++) {
      refusals.add(scope, entry("keys.create", AuditEntry.Outcome.REFUSED));
    }
    refusals.add(scope, entry("keys.revoke", AuditEntry.Outcome.REFUSED));
    Awaitility.await().until(() -> await(log.read(scope, 0, 10)).seq() == 3);
    List<JsonNode> entries = verified(log, scope);
    assertTrue(entries.get(0).path("times").isMissingNode());
    assertEquals(49, entries.get(2).path("times").asLong(), entries.toString());
    refusals.close();
    await(vertx.close());
  }

  @Test
  void whatIsCountedWhenItEndsIsWritten(Store store) {
    Vertx vertx = Vertx.vertx();
    AuditLog log = new AuditLog(store);
    TenantScope scope = scope("ending");
    RepeatedRefusals refusals = new RepeatedRefusals(vertx, log, Clock.systemUTC(), 3_600_000);
    refusals.add(scope, entry("keys.create", AuditEntry.Outcome.REFUSED));
    refusals.add(scope, entry("keys.create", AuditEntry.Outcome.REFUSED));
    refusals.close();
    await(log.written());
    assertEquals(2, verified(log, scope).size());
    await(vertx.close());
  }
}
