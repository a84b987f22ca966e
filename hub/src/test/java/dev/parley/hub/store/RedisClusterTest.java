package dev.parley.hub.store;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A hub whose tenants are on three masters of a Redis Cluster. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RedisClusterTest {
  private static final int PLATFORM = TcpRedisCluster.masterOf(Keyspace.platform());
  private static final int DYING = (PLATFORM + 1) % TcpRedisCluster.MASTERS;
  private static final int OTHER = (PLATFORM + 2) % TcpRedisCluster.MASTERS;
  private static final Duration TAKEN_OVER = Duration.ofSeconds(15);

  @TempDir static Path directory;

  private static TcpRedisCluster cluster;
  private static HubExtension hub;

  /** A tenant on each master. */
  private static final Map<Integer, Member> TENANTS = new HashMap<>();

  @BeforeAll
  static void start() throws Exception {
    cluster = TcpRedisCluster.start(directory, DYING);
    hub = HubExtension.with("redis", cluster.url(), "redis-timeout-ms", "3000").start();
    while (TENANTS.size() < TcpRedisCluster.MASTERS) {
      Member member = hub.signUp();
      Keyspace keys = Keyspace.of(new TenantId(member.tenant()));
      TENANTS.putIfAbsent(TcpRedisCluster.masterOf(keys), member);
    }
  }

  @AfterAll
  static void stop() {
    if (hub != null) {
      hub.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  private static Answer call(Member by, String to, String message) {
    return hub.rest(
        "POST", "/v1/calls", by.key(), Json.object().put("to", to).put("payload", message));
  }

  private static Answer send(Member by, String to, String id) {
    ObjectNode message = Json.object().put("to", to).put("messageId", id).put("payload", id);
    return hub.rest("POST", "/v1/messages", by.key(), message);
  }

  private static JsonNode total(Member of) {
    return hub.get("/v1/usage", of.key()).body().at("/days/0/total");
  }

  private static String buy(Member buyer, Member seller) {
    ObjectNode listing = Json.object().put("name", "echo").put("agent", "main");
    listing.putObject("price").put("unit", "call").put("millicents", 250);
    hub.succeed("POST", "/v1/market/listings", seller.key(), listing);
    String name = seller.tenant() + "/echo";
    ObjectNode install = Json.object().put("listing", name);
    install.putObject("maxPrice").put("unit", "call").put("millicents", 250);
    hub.succeed("POST", "/v1/market/installs", buyer.key(), install);
    return "market:" + name;
  }

  @Test
  @Order(1)
  void tenantsOnDifferentMastersDoTheMainJobWithEachOther() {
    Member caller = TENANTS.get(DYING);
    Member seller = TENANTS.get(OTHER);
    Member worker = TENANTS.get(PLATFORM);

    hub.openChannel(caller, seller, "main", Json.object());
    assertEquals(200, call(caller, seller.agent("main"), "hello").status());

    hub.defineRemote(worker, "clerk");
    hub.openChannel(caller, worker, "clerk", Json.object());
    assertEquals(
        "accepted", send(caller, worker.agent("clerk"), "m1").body().path("status").asText());
    try (Peer clerk = hub.connectAgent(worker.key(), "clerk")) {
      JsonNode delivery = clerk.delivery();
      assertEquals("m1", delivery.at("/params/id").asText());
      clerk.raw(ok(delivery));
      await()
          .until(
              () -> hub.get("/v1/messages/m1", caller.key()).body().path("status").asText(),
              "handled"::equals);
    }

    ObjectNode limits = Json.object().put("millicentsPerDay", 600);
    hub.succeed(
        "PATCH",
        "/v1/admin/tenants/" + caller.tenant(),
        hub.adminKey(),
        Json.object().<ObjectNode>set("limits", limits));
    String echo = buy(caller, seller);
    assertEquals(200, call(caller, echo, "one").status());
    assertEquals(200, call(caller, echo, "two").status());
    assertEquals("budget_exceeded", call(caller, echo, "three").errorCode());
    await().untilAsserted(() -> assertEquals(500, total(caller).path("spentMillicents").asLong()));
    await().untilAsserted(() -> assertEquals(500, total(seller).path("earnedMillicents").asLong()));
  }

  private static OpenStore open(int replicas) {
    StoreOptions options =
        StoreOptions.defaults(directory.resolve("store"))
            .withRedisUrl(cluster.url())
            .withCommandTimeout(Duration.ofSeconds(3));
    return RedisExtension.await(
        Stores.open(
            hub.vertx(),
            replicas == 0 ? options : options.withReplicas(replicas, Duration.ofMillis(300))));
  }

  private static Future<ScriptResult> count(Store store, Key key) {
    return store.run(Script.replicated("test-mixed"), List.of(key), List.of("1"));
  }

  private static Key keyOn(int master) {
    return IntStream.iterate(0, i -> i + 1)
        .mapToObj(i -> Keyspace.of(new TenantId("nomad-" + i)))
        .filter(keys -> TcpRedisCluster.masterOf(keys) == master)
        .findFirst()
        .orElseThrow()
        .key("count");
  }

  @Test
  @Order(2)
  void replicasConfirmMasterByMaster() {
    OpenStore open = open(1);
    assertEquals(1, RedisExtension.await(count(open.store(), keyOn(DYING))).integer(0));
    ParleyException refused =
        assertThrows(
            ParleyException.class, () -> RedisExtension.await(count(open.store(), keyOn(OTHER))));
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    assertEquals("unknown", refused.details().get("outcome"));
    RedisExtension.await(open.close());
  }

  @Test
  @Order(3)
  void aTenantWhoseSlotMovesIsRefusedInPassingAndFoundWhereItHasMoved() throws Exception {
    OpenStore open = open(0);
    Key key = keyOn(PLATFORM);
    RedisExtension.await(count(open.store(), key));
    cluster.beginToMove(key, PLATFORM, OTHER);
    ParleyException refused =
        assertThrows(ParleyException.class, () -> RedisExtension.await(count(open.store(), key)));
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    assertEquals("not_done", refused.details().get("outcome"));
    cluster.endMove(key, PLATFORM, OTHER);
    assertEquals(2, RedisExtension.await(count(open.store(), key)).integer(0));
    RedisExtension.await(open.close());
  }

  @Test
  @Order(4)
  void aMasterThatDiesKeepsBackOnlyItsOwnTenantsAndOnlyUntilItsReplicaTakesOver() {
    Member stuck = TENANTS.get(DYING);
    Member other = TENANTS.get(OTHER);
    hub.defineRemote(stuck, "clerk");
    hub.defineRemote(other, "clerk");
    assertEquals(200, send(stuck, stuck.agent("clerk"), "before").status());
    OpenStore open = open(0);
    List<String> heard = new CopyOnWriteArrayList<>();
    RedisExtension.await(open.store().subscribe("news", heard::add, () -> {}));
    cluster.kill(DYING);

    Answer refused = send(stuck, stuck.agent("clerk"), "meanwhile");
    assertEquals("unavailable", refused.errorCode(), refused.text());
    assertEquals(200, send(other, other.agent("clerk"), "meanwhile").status());

    await()
        .atMost(TAKEN_OVER)
        .until(() -> send(stuck, stuck.agent("clerk"), "after").status(), status -> status == 200);
    JsonNode before = hub.get("/v1/messages/before", stuck.key()).body();
    assertEquals("accepted", before.path("status").asText(), before.toString());
    assertTrue(hub.connect(stuck.key()).alive());
    Eventually.holds(
        "the subscription after the change",
        () -> {
          RedisExtension.await(open.store().publish("news", "hello"));
          return heard.contains("hello");
        });
    RedisExtension.await(open.close());
  }

  private static String ok(JsonNode delivery) {
    return "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
        .formatted(delivery.path("id").asText());
  }
}
