package dev.parley.hub.store;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hub on a Redis with replicas that confirm what must not be lost. */
class ReplicationTest {
  private static final String PASSWORD = "secret";
  private static final String[] WITH_PASSWORD = {
    "--requirepass", PASSWORD, "--masterauth", PASSWORD
  };
  private static final int MESSAGES = 20;
  private static final Duration RECOVERED = Duration.ofSeconds(15);

  @TempDir Path directory;

  private Path under(String name) throws IOException {
    return Files.createDirectory(directory.resolve(name));
  }

  private static HubExtension hubAt(String url) {
    return HubExtension.with(
            "redis",
            url,
            "redis-timeout-ms",
            "3000",
            "redis-replicas",
            "1",
            "redis-replica-timeout-ms",
            "500")
        .start();
  }

  private static Answer send(HubExtension hub, Member by, String id) {
    ObjectNode message =
        Json.object().put("to", by.agent("worker")).put("messageId", id).put("payload", id);
    return hub.rest("POST", "/v1/messages", by.key(), message);
  }

  private static Set<String> delivered(HubExtension hub, Member to, int count) {
    Set<String> ids = new HashSet<>();
    try (Peer worker = hub.connectAgent(to.key(), "worker")) {
      for (int i = 0; i < count; i++) {
        JsonNode delivery = worker.delivery();
        assertTrue(ids.add(delivery.at("/params/id").asText()), delivery.toString());
        worker.raw(
            "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
                .formatted(delivery.path("id").asText()));
      }
    }
    return ids;
  }

  private static void awaitConfirming(TcpRedis master, TcpRedis... replicas) {
    String question = "AUTH " + PASSWORD + "\r\nINFO replication";
    for (TcpRedis replica : replicas) {
      Eventually.holds("a replica", () -> replica.ask(question).contains("master_link_status:up"));
    }
    Eventually.holds(
        "all replicas",
        () -> master.ask(question).split("state=online", -1).length == replicas.length + 1);
  }

  @Test
  void whatWasAcceptedSurvivesTheMastersDeathAndTheHubGoesOnByItself() throws Exception {
    try (TcpRedis master = TcpRedis.start(under("master"), WITH_PASSWORD);
        TcpRedis one = TcpRedis.startReplica(under("one"), master, WITH_PASSWORD);
        TcpRedis two = TcpRedis.startReplica(under("two"), master, WITH_PASSWORD)) {
      awaitConfirming(master, one, two);
      survives(master, List.of(one, two));
    }
  }

  private void survives(TcpRedis master, List<TcpRedis> replicas) throws IOException {
    try (TcpRedis sentinel =
        TcpRedis.startSentinel(
            directory,
            master.port(),
            "sentinel auth-pass mymaster " + PASSWORD,
            "sentinel failover-timeout mymaster 5000")) {
      Eventually.holds(
          "a sentinel that knows both replicas",
          () -> {
            String known = sentinel.ask("SENTINEL REPLICAS mymaster");
            return replicas.stream().allMatch(replica -> known.contains("" + replica.port()));
          });
      String url = "redis-sentinel://:%s@%s/mymaster".formatted(PASSWORD, sentinel.address());
      try (HubExtension hub = hubAt(url)) {
        Member acme = hub.signUp();
        hub.defineRemote(acme, "worker");
        Peer person = hub.connect(acme.key());
        Set<String> accepted = new HashSet<>();
        for (int i = 0; i < MESSAGES; i++) {
          String id = "m" + i;
          await().until(() -> send(hub, acme, id).status(), status -> status == 200);
          accepted.add(id);
        }
        master.kill();
        await()
            .atMost(RECOVERED)
            .until(() -> send(hub, acme, "after").status(), status -> status == 200);
        accepted.add("after");
        assertTrue(person.alive());
        assertEquals(accepted, delivered(hub, acme, accepted.size()));
      }
    }
  }

  private interface Scene {
    void play(HubExtension hub, TcpRedis replica);
  }

  private void withAReplica(Scene scene) throws IOException {
    try (TcpRedis master = TcpRedis.start(under("master"));
        TcpRedis replica = TcpRedis.startReplica(under("replica"), master)) {
      awaitConfirming(master, replica);
      try (HubExtension hub = hubAt("redis://" + master.address())) {
        scene.play(hub, replica);
      }
    }
  }

  @Test
  void aKeyIsRotatedOnlyWhenItsSuccessorIsKeptAndItsHolderIsNeverLockedOut() throws IOException {
    withAReplica(
        (hub, replica) -> {
          Member acme = hub.signUp();
          String id = hub.get("/v1/keys", acme.key()).body().at("/keys/0/id").asText();
          String path = "/v1/keys/" + id + "/rotate";
          Supplier<Answer> rotate =
              () -> hub.rest("POST", path, acme.key(), Json.object().put("overlapS", 0));
          replica.pause();
          for (int i = 0; i < 3; i++) {
            Answer unsure = rotate.get();
            assertEquals(503, unsure.status(), unsure.text());
            assertEquals(200, hub.get("/v1/usage", acme.key()).status());
          }
          replica.resume();
          Answer rotated = await().until(rotate::get, answer -> answer.status() == 200);
          String secret = rotated.body().path("secret").asText();
          assertEquals(401, hub.get("/v1/usage", acme.key()).status());
          assertEquals(2, hub.get("/v1/keys", secret).body().path("keys").size());
        });
  }

  @Test
  void whatIsRepeatedAfterAFailureIsDoneOnlyWhenReplicasHaveIt() throws IOException {
    withAReplica(
        (hub, replica) -> {
          Member acme = hub.signUp();
          Member globex = hub.signUp();
          hub.defineRemote(globex, "worker");
          ObjectNode terms =
              Json.object().put("from", acme.tenant()).put("to", globex.agent("worker"));
          String channel =
              hub.succeed("POST", "/v1/channels", acme.key(), terms).at("/channel/id").asText();
          String worker =
              hub.newKey(globex, Json.object().put("role", "agent").put("agent", "worker"))
                  .path("secret")
                  .asText();
          failsUntilConfirmed(
              hub, replica, "POST", "/v1/channels/" + channel + "/accept", globex.key());
          failsUntilConfirmed(hub, replica, "DELETE", "/v1/agents/worker", globex.key());
          assertEquals(401, hub.get("/v1/usage", worker).status());
        });
  }

  private static void failsUntilConfirmed(
      HubExtension hub, TcpRedis replica, String method, String path, String key) {
    replica.pause();
    for (int i = 0; i < 4; i++) {
      Answer unsure = hub.rest(method, path, key, Json.object());
      assertEquals(503, unsure.status(), i + ": " + unsure);
    }
    replica.resume();
    await().until(() -> hub.rest(method, path, key, Json.object()).status() == 200);
  }

  @Test
  void aMailboxIsTakenOverOnlyWhenReplicasKnowAndTryingIsNoDelivery() throws IOException {
    withAReplica(
        (hub, replica) -> {
          Member acme = hub.signUp();
          hub.defineRemote(acme, "worker");
          assertEquals(200, send(hub, acme, "m1").status());
          replica.pause();
          try (Peer worker = hub.connectAgent(acme.key(), "worker")) {
            for (int i = 0; i < 3; i++) {
              assertEquals(503, send(hub, acme, "m2").status());
            }
            assertTrue(worker.alive());
            assertTrue(
                worker.drain().stream()
                    .noneMatch(frame -> frame.path("method").asText().equals("agent.deliver")));
            replica.resume();
            assertEquals("m1", worker.delivery().at("/params/id").asText());
            assertEquals(1, hub.get("/v1/messages/m1", acme.key()).body().path("attempts").asInt());
          }
        });
  }

  @Test
  void withoutEnoughReplicasNothingIsPromisedAndRepeatingItCountsOnce() throws Exception {
    try (TcpRedis master = TcpRedis.start(under("master"));
        TcpRedis replica = TcpRedis.startReplica(under("replica"), master)) {
      awaitConfirming(master, replica);
      try (HubExtension hub = hubAt("redis://" + master.address())) {
        Member acme = hub.signUp();
        hub.defineRemote(acme, "worker");
        assertEquals(200, send(hub, acme, "m1").status());
        JsonNode key = hub.newKey(acme, Json.object().put("role", "member")).path("key");
        String revocation = "/v1/keys/" + key.path("id").asText();

        replica.pause();
        Answer refused = send(hub, acme, "m2");
        assertEquals(503, refused.status(), refused.text());
        assertEquals("unavailable", refused.errorCode());
        assertTrue(refused.text().contains("0 of 1 replicas"), refused.text());
        assertTrue(refused.text().contains("same id"), refused.text());
        Answer again = send(hub, acme, "m2");
        assertEquals(503, again.status(), again.text());
        assertEquals(503, hub.rest("DELETE", revocation, acme.key(), Json.object()).status());
        assertEquals(503, hub.rest("DELETE", revocation, acme.key(), Json.object()).status());
        assertEquals(200, hub.get("/v1/usage", acme.key()).status());

        replica.resume();
        await().until(() -> send(hub, acme, "m2").status(), status -> status == 200);
        assertEquals(200, hub.rest("DELETE", revocation, acme.key(), Json.object()).status());
        assertEquals(Set.of("m1", "m2"), delivered(hub, acme, 2));
        await()
            .until(
                () -> hub.get("/v1/messages/m2", acme.key()).body().path("status").asText(),
                "handled"::equals);
      }
    }
  }
}
