package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.Peer.Close;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Keys that end, and tenants that are suspended, with sockets open and calls under way. */
class CredentialsTest {
  private static final Duration ONE_SECOND = Duration.ofSeconds(1);

  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static JsonNode agentKey(Member owner, String agent) {
    HUB.succeed(
        "POST", "/v1/agents", owner.key(), Json.object().put("name", agent).put("kind", "remote"));
    return HUB.newKey(owner, Json.object().put("role", "agent").put("agent", agent));
  }

  private static String id(JsonNode issued) {
    return issued.path("key").path("id").asText();
  }

  private static String secret(JsonNode issued) {
    return issued.path("secret").asText();
  }

  private static Answer revoke(Member owner, String id) {
    return HUB.rest("DELETE", "/v1/keys/" + id, owner.key(), Json.object());
  }

  private static Answer rotate(Member owner, String id, long overlapS) {
    return HUB.rest(
        "POST", "/v1/keys/" + id + "/rotate", owner.key(), Json.object().put("overlapS", overlapS));
  }

  private static ObjectNode call(String to) {
    return Json.object().put("to", to).put("payload", "x");
  }

  private static void closesWithinASecond(Peer peer) {
    await().atMost(ONE_SECOND).until(() -> !peer.isOpen());
    assertEquals(1008, peer.closed().code());
  }

  @Test
  void aRevokedKeyEndsItsSocketsAndItsCallsWithinASecond() {
    Member owner = HUB.signUp();
    JsonNode worker = agentKey(owner, "worker");
    JsonNode member = HUB.newKey(owner, Json.object().put("role", "member"));
    Peer agent = HUB.connectAgent(secret(worker), "worker");
    Peer caller = HUB.connect(secret(member));
    Peer bystander = HUB.connect(owner.key());
    caller.send("agent.call", call(owner.agent("worker")));
    agent.delivery();

    assertEquals(200, revoke(owner, id(member)).status());
    closesWithinASecond(caller);
    assertTrue(agent.event("agent.cancelled").path("reason").asText().length() > 0);
    assertEquals(401, HUB.get("/v1/usage", secret(member)).status());

    assertEquals(200, revoke(owner, id(worker)).status());
    closesWithinASecond(agent);
    assertEquals(
        "AGENT_OFFLINE",
        bystander
            .ask("agent.call", call(owner.agent("worker")))
            .path("error")
            .path("code")
            .asText());
    assertTrue(bystander.alive());
  }

  @Test
  void aRevocationAnswersTheRestCallThatIsUnderWayByTheKey() throws Exception {
    Member owner = HUB.signUp();
    Peer agent = HUB.connectAgent(secret(agentKey(owner, "worker")), "worker");
    JsonNode member = HUB.newKey(owner, Json.object().put("role", "member"));
    var answer =
        java.util.concurrent.CompletableFuture.supplyAsync(
            () -> HUB.rest("POST", "/v1/calls", secret(member), call(owner.agent("worker"))));
    agent.delivery();
    revoke(owner, id(member));
    assertEquals("cancelled", answer.get().errorCode());
  }

  @Test
  void anExpiredKeyEndsItsSocketsWithinASecondOfItsEnd() {
    Member owner = HUB.signUp();
    JsonNode made = HUB.newKey(owner, Json.object().put("role", "member").put("expiresInS", 2));
    long end = made.path("key").path("expiresAt").asLong();
    try (Peer socket = HUB.connect(secret(made))) {
      Close close = socket.closed();
      long late = System.currentTimeMillis() - end;
      assertEquals(1008, close.code());
      assertTrue(close.reason().contains("expired"), close.reason());
      assertTrue(late >= 0 && late < 1_500, "closed %d ms after its end".formatted(late));
    }
    assertEquals(401, HUB.get("/v1/usage", secret(made)).status());
  }

  @Test
  void aRotatedKeyAndItsSuccessorOverlapAndNothingUnderWayIsLost() {
    Member owner = HUB.signUp();
    Peer agent = HUB.connectAgent(secret(agentKey(owner, "worker")), "worker");
    JsonNode old = HUB.newKey(owner, Json.object().put("role", "member").put("name", "ci"));
    Peer caller = HUB.connect(secret(old));
    String request = caller.send("agent.call", call(owner.agent("worker")));
    JsonNode delivery = agent.delivery();

    Answer rotated = rotate(owner, id(old), 2);
    assertEquals(200, rotated.status(), rotated.text());
    String successor = secret(rotated.body());
    assertEquals("ci", rotated.body().path("key").path("name").asText());
    assertEquals("member", rotated.body().path("key").path("role").asText());
    assertEquals(200, HUB.get("/v1/usage", secret(old)).status());
    assertEquals(200, HUB.get("/v1/usage", successor).status());
    agent.raw(
        "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":1}"
            .formatted(delivery.path("id").asText()));
    assertTrue(caller.answer(request).path("ok").asBoolean());

    Close close = caller.closed();
    assertEquals(1008, close.code());
    assertEquals(401, HUB.get("/v1/usage", secret(old)).status());
    assertEquals(200, HUB.get("/v1/usage", successor).status());
  }

  @Test
  void aKeyRotatedWithoutOverlapEndsAtOnce() {
    Member owner = HUB.signUp();
    JsonNode old = HUB.newKey(owner, Json.object().put("role", "viewer"));
    Peer socket = HUB.connect(secret(old));
    Answer rotated = rotate(owner, id(old), 0);
    closesWithinASecond(socket);
    assertEquals(401, HUB.get("/v1/usage", secret(old)).status());
    assertEquals(200, HUB.get("/v1/usage", secret(rotated.body())).status());
  }

  @Test
  void aSuccessorLivesAsLongAsItsPredecessorWasMadeFor() {
    Member owner = HUB.signUp();
    JsonNode old = HUB.newKey(owner, Json.object().put("role", "viewer").put("expiresInS", 500));
    JsonNode first = rotate(owner, id(old), 60).body();
    JsonNode second = rotate(owner, id(first), 60).body();
    for (JsonNode successor : List.of(first, second)) {
      JsonNode key = successor.path("key");
      assertEquals(500_000, key.path("expiresAt").asLong() - key.path("createdAt").asLong());
    }
    JsonNode endless = HUB.newKey(owner, Json.object().put("role", "viewer"));
    assertFalse(rotate(owner, id(endless), 60).body().path("key").has("expiresAt"));
  }

  @Test
  void whatHasEndedIsNotRotatedBackToLife() {
    Member owner = HUB.signUp();
    JsonNode made = HUB.newKey(owner, Json.object().put("role", "member"));
    revoke(owner, id(made));
    assertEquals("conflict", rotate(owner, id(made), 60).errorCode());
    assertEquals(401, HUB.get("/v1/usage", secret(made)).status());
  }

  @Test
  void rotatingAndRevokingAtTheSameMomentLeavesTheKeyRevoked() {
    Member owner = HUB.unmetered(HUB.signUp());
    for (int round = 0; round < 20; round++) {
      JsonNode made = HUB.newKey(owner, Json.object().put("role", "member"));
      IntStream.range(0, 2)
          .parallel()
          .forEach(
              i -> {
                if (i == 0) {
                  rotate(owner, id(made), 3600);
                } else {
                  assertEquals(200, revoke(owner, id(made)).status());
                }
              });
      assertEquals(401, HUB.get("/v1/usage", secret(made)).status());
    }
  }

  @Test
  void neitherMakingNorRotatingPassesTheLimitAlsoWhenAllComeAtOnce() {
    Member owner = HUB.signUp();
    long limit = HUB.get("/v1/tenant", owner.key()).body().at("/tenant/limits/keys").asLong();
    JsonNode rotated = HUB.newKey(owner, Json.object().put("role", "viewer"));
    Set<Integer> statuses = ConcurrentHashMap.newKeySet();
    IntStream.range(0, 60)
        .parallel()
        .forEach(
            i ->
                statuses.add(
                    (i % 2 == 0
                            ? HUB.rest(
                                "POST",
                                "/v1/keys",
                                owner.key(),
                                Json.object().put("role", "viewer"))
                            : rotate(owner, id(rotated), 3600))
                        .status()));
    assertEquals(Set.of(200, 409), statuses);
    JsonNode keys = HUB.get("/v1/keys", owner.key()).body().path("keys");
    assertEquals(limit, keys.size());
    Answer full = HUB.rest("POST", "/v1/keys", owner.key(), Json.object().put("role", "viewer"));
    JsonNode details = full.body().path("error").path("details");
    assertEquals("limit_exceeded", full.errorCode());
    assertEquals("keys", details.path("limit").asText());
    assertEquals("tenant " + owner.tenant(), details.path("owner").asText());
    assertEquals(limit, details.path("used").asLong());
    assertEquals(200, rotate(owner, id(rotated), 0).status(), "without overlap there is room");
  }

  @Test
  void keysThatHaveEndedAreForgottenOldestFirst() {
    Member owner = HUB.signUp();
    JsonNode first = HUB.newKey(owner, Json.object().put("role", "viewer"));
    revoke(owner, id(first));
    for (int i = 0; i < 105; i++) {
      revoke(owner, id(HUB.newKey(owner, Json.object().put("role", "viewer"))));
    }
    JsonNode keys = HUB.get("/v1/keys", owner.key()).body().path("keys");
    assertTrue(keys.size() <= 102, "kept: " + keys.size());
    assertFalse(keys.toString().contains(id(first)));
  }

  @Test
  void aSecretIsShownOnceAndStoredNowhere() throws Exception {
    Member owner = HUB.signUp();
    String secret = owner.key().substring(owner.key().lastIndexOf('_') + 1);
    String keys = HUB.get("/v1/keys", owner.key()).text();
    assertFalse(keys.contains(secret) || keys.contains("hash"), keys);
    try (var files = java.nio.file.Files.walk(HUB.data())) {
      for (var file : files.filter(java.nio.file.Files::isRegularFile).toList()) {
        byte[] bytes = java.nio.file.Files.readAllBytes(file);
        String text = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
        assertFalse(text.contains(secret), "the secret is in " + file);
      }
    }
  }

  @Test
  void aSuspendedTenantIsCutOffWithinASecondAndComesBackWhole() {
    Member tenant = HUB.signUp();
    Member other = HUB.signUp();
    Peer agent = HUB.connectAgent(secret(agentKey(tenant, "worker")), "worker");
    Peer person = HUB.connect(tenant.key());
    Peer stranger = HUB.connect(other.key());
    JsonNode channel =
        HUB.succeed(
            "POST",
            "/v1/channels",
            other.key(),
            Json.object().put("from", other.tenant()).put("to", tenant.agent("worker")));
    HUB.succeed(
        "POST",
        "/v1/channels/" + channel.at("/channel/id").asText() + "/accept",
        tenant.key(),
        Json.object());
    String inFlight = stranger.send("agent.call", call(tenant.agent("worker")));
    agent.delivery();

    String path = "/v1/admin/tenants/" + tenant.tenant();
    HUB.succeed("POST", path + "/suspend", HUB.adminKey(), Json.object().put("reason", "unpaid"));
    closesWithinASecond(person);
    closesWithinASecond(agent);
    String code = stranger.answer(inFlight).at("/error/code").asText();
    assertTrue(Set.of("CANCELLED", "AGENT_OFFLINE").contains(code), code);
    assertEquals(
        "AGENT_OFFLINE",
        stranger.ask("agent.call", call(tenant.agent("worker"))).at("/error/code").asText());
    assertEquals("forbidden", HUB.get("/v1/usage", tenant.key()).errorCode());
    try (Peer again = HUB.open()) {
      JsonNode refused = again.ask("connect", Peer.connectParams(tenant.key()));
      assertEquals("FORBIDDEN", refused.at("/error/code").asText());
      assertEquals(1008, again.closed().code());
    }

    HUB.succeed("POST", path + "/resume", HUB.adminKey(), Json.object());
    try (Peer again = HUB.connect(tenant.key())) {
      assertTrue(again.alive());
    }
  }

  @Test
  void twoWhoWantTheSameTenantAtOnceDoNotBothGetIt() {
    String name = "wanted-" + System.nanoTime();
    List<Answer> answers =
        IntStream.range(0, 16)
            .parallel()
            .mapToObj(i -> HUB.rest("POST", "/v1/signup", "", Json.object().put("tenant", name)))
            .toList();
    List<Answer> made = answers.stream().filter(a -> a.status() == 200).toList();
    assertEquals(1, made.size(), answers.toString());
    assertTrue(
        answers.stream()
            .filter(a -> a.status() != 200)
            .allMatch(
                a ->
                    a.errorCode().equals("conflict")
                        && a.body().at("/error/details/field").asText().equals("tenant")));
    assertEquals(1, HUB.get("/v1/keys", secret(made.get(0).body())).body().path("keys").size());
  }
}
