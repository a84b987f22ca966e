package dev.parley.hub.store;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A Redis that runs elsewhere: alone, behind sentinels, or as a cluster. */
class RemoteRedisTest {
  private static final Key KEY = Keyspace.platform().key("key");

  private final Vertx vertx = Vertx.vertx();

  @TempDir Path directory;

  @AfterEach
  void stop() {
    await(vertx.close());
  }

  private StoreOptions at(String url) {
    return StoreOptions.defaults(directory.resolve("data"))
        .withRedisUrl(url)
        .withCommandTimeout(Duration.ofSeconds(10));
  }

  private OpenStore open(String url) {
    return await(Stores.open(vertx, at(url)));
  }

  private ParleyException refusal(String url) {
    ParleyException refused = assertThrows(ParleyException.class, () -> open(url));
    assertEquals(1, refused.text().lines().count(), refused.text());
    return refused;
  }

  private static void doesItsWork(Store store) {
    await(store.set(KEY, "kept", 0));
    assertEquals("kept", await(store.get(KEY)));
    for (String tenant : List.of("acme", "globex", "initech")) {
      Key key = Keyspace.of(new TenantId(tenant)).key("count");
      assertEquals(
          1, await(store.run(new Script("test-mixed"), List.of(key), List.of("1"))).integer(0));
    }
    Keyspace acme = Keyspace.of(new TenantId("acme"));
    assertEquals(1, await(store.delete(acme.key("count"), acme.key("other"))));
    List<String> heard = new CopyOnWriteArrayList<>();
    await(store.subscribe("news", heard::add, () -> {}));
    await(store.publish("news", "hello"));
    Eventually.holds("the message", () -> heard.equals(List.of("hello")));
  }

  @Test
  void aServerWithAPasswordIsUsedAndSeveralHubsShareIt() throws Exception {
    String password = "p+w@:/?#%ü 1";
    try (TcpRedis redis = TcpRedis.start(directory, "--requirepass", password)) {
      String url = "redis://:p+w%40%3A%2F%3F%23%25%C3%BC%201@" + redis.address();
      OpenStore one = open(url);
      OpenStore other = open(url + "/0");
      assertEquals("redis://" + redis.address(), one.location());
      doesItsWork(one.store());
      await(one.store().set(KEY, "shared", 0));
      assertEquals("shared", await(other.store().get(KEY)));
      await(one.close());
      await(other.close());
      assertTrue(redis.ask("PING").startsWith("-NOAUTH"), "the hub stopped a Redis not its own");
    }
  }

  @Test
  void aWrongPasswordIsToldWithoutRepeatingIt() throws Exception {
    try (TcpRedis redis = TcpRedis.start(directory, "--requirepass", "right")) {
      ParleyException refused = refusal("redis://:wrong-secret@" + redis.address());
      assertEquals(ErrorCode.UNAVAILABLE, refused.code());
      assertTrue(refused.text().contains("WRONGPASS"), refused.text());
      assertFalse(refused.text().contains("wrong-secret"), refused.text());
    }
  }

  @Test
  void aServerThatIsNotThereIsToldWithItsAddress() throws Exception {
    String address = "127.0.0.1:" + TcpRedis.freePort();
    for (String scheme : List.of("redis", "rediss", "redis-cluster")) {
      ParleyException refused = refusal(scheme + "://:secret@" + address);
      assertEquals(ErrorCode.UNAVAILABLE, refused.code());
      assertTrue(refused.text().contains(address), refused.text());
      assertFalse(refused.text().contains("secret"), refused.text());
    }
    ParleyException refused = refusal("redis-sentinel://:secret@" + address + "/mymaster");
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    assertFalse(refused.text().contains("secret"), refused.text());
  }

  @Test
  void aUrlThatIsNoneIsRefusedWithoutRepeatingIt() {
    for (String wrong :
        List.of(
            "secret",
            "http://secret",
            "redis://",
            "redis://h:99999/secret",
            "redis://h:0",
            "redis://h/secret",
            "redis://:secret@h1,h2",
            "redis://:%zz-secret@h",
            "redis-sentinel://secret",
            "redis-cluster://h/1?secret")) {
      ParleyException refused = refusal(wrong);
      assertEquals(ErrorCode.INVALID_REQUEST, refused.code(), wrong);
      assertFalse(refused.text().contains("secret"), refused.text());
      assertTrue(refused.text().contains("redis://host:port"), refused.text());
    }
  }

  @Test
  void replicasThatCannotBeOrCannotConfirmInTimeAreRefused() {
    StoreOptions own = StoreOptions.defaults(directory);
    StoreOptions elsewhere = at("redis://localhost");
    for (Executable wrong :
        List.<Executable>of(
            () -> own.withReplicas(1, Duration.ofMillis(500)),
            () -> elsewhere.withReplicas(11, Duration.ofMillis(500)),
            () -> elsewhere.withReplicas(1, Duration.ofSeconds(10)))) {
      ParleyException refused = assertThrows(ParleyException.class, wrong);
      assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    }
  }

  @Test
  void aClusterServesEachTenantFromItsSlot() throws Exception {
    try (TcpRedis redis = TcpRedis.start(directory, "--cluster-enabled", "yes")) {
      assertTrue(redis.ask("CLUSTER ADDSLOTSRANGE 0 16383").startsWith("+OK"));
      Eventually.holds("a cluster", () -> redis.ask("CLUSTER INFO").contains("cluster_state:ok"));
      OpenStore open = open("redis-cluster://" + redis.address());
      doesItsWork(open.store());
      await(open.close());
    }
  }

  @Test
  void theStoreFollowsTheMasterThatTheSentinelsChoose() throws Exception {
    Path first = Files.createDirectory(directory.resolve("first"));
    Path second = Files.createDirectory(directory.resolve("second"));
    try (TcpRedis master = TcpRedis.start(first);
        TcpRedis replica =
            TcpRedis.start(
                second,
                "--replicaof",
                "127.0.0.1 " + master.port(),
                "--repl-diskless-sync-delay",
                "0");
        TcpRedis sentinel = TcpRedis.startSentinel(directory, master.port())) {
      Eventually.holds(
          "a replica", () -> replica.ask("INFO replication").contains("master_link_status:up"));
      Eventually.holds(
          "a sentinel that knows the replica",
          () -> sentinel.ask("SENTINEL REPLICAS mymaster").contains("" + replica.port()));
      OpenStore open = open("redis-sentinel://" + sentinel.address() + "/mymaster");
      doesItsWork(open.store());
      List<String> heard = new CopyOnWriteArrayList<>();
      List<String> gaps = new CopyOnWriteArrayList<>();
      await(open.store().subscribe("fail-over", heard::add, () -> gaps.add("gap")));
      master.kill();
      Eventually.holds(
          "a new master",
          () -> {
            try {
              return replica.ask("INFO replication").contains("role:master");
            } catch (java.net.SocketException resetByThePromotion) {
              return false;
            }
          });
      Eventually.succeeds("a write", () -> open.store().set(KEY, "on the new master", 0));
      assertTrue(replica.ask("GET " + KEY.value()).contains("on the new master"));
      Eventually.holds(
          "the subscription at the new master",
          () -> {
            await(open.store().publish("fail-over", "heard again"));
            return heard.contains("heard again");
          });
      assertTrue(gaps.size() >= 2, "told of the gap: " + gaps);
      await(open.close());
    }
  }
}
