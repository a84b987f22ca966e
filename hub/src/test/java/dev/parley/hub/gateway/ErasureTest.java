package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.store.RedisPeek;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nothing of an erased tenant is left, answers, or comes back with its id. */
class ErasureTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static Answer erase(Member member) {
    return HUB.rest(
        "POST",
        "/v1/admin/tenants/" + member.tenant() + "/erase",
        HUB.adminKey(),
        Json.object().put("confirm", member.tenant()));
  }

  /** A tenant with something of every kind, in all of which its secret word stands. */
  private static void settleIn(Member member, Member friend, String secret) {
    HUB.succeed(
        "PUT", "/v1/agents/main/files/SOUL.md", member.key(), Json.object().put("content", secret));
    HUB.succeed("POST", "/v1/memory", member.key(), Json.object().put("text", secret));
    HUB.succeed("POST", "/v1/memory/search", member.key(), Json.object().put("query", "canary"));
    HUB.defineRemote(member, "clerk");
    HUB.openChannel(friend, member, "clerk", Json.object().put("purpose", secret));
    HUB.openChannel(member, friend, "main", Json.object());
    HUB.succeed(
        "POST",
        "/v1/market/listings",
        member.key(),
        Json.object().put("name", "echo").put("agent", "main").put("title", secret));
    HUB.succeed(
        "POST",
        "/v1/messages",
        member.key(),
        Json.object()
            .put("to", member.agent("clerk"))
            .put("messageId", "m1")
            .put("payload", secret));
    HUB.succeed(
        "POST",
        "/v1/rooms",
        member.key(),
        Json.object().put("name", "square").put("title", secret));
    HUB.succeed(
        "POST",
        "/v1/rooms/" + member.tenant() + "%2Fsquare/members",
        member.key(),
        Json.object().put("party", friend.tenant()));
    HUB.succeed(
        "POST",
        "/v1/schedules",
        member.key(),
        Json.object().put("agent", "main").put("cron", "0 3 * * *").put("payload", secret));
    try (Peer peer = HUB.connect(member.key())) {
      peer.ask(
          "chat.send",
          Json.object()
              .put("sessionKey", "agent:main:main")
              .put("message", secret)
              .put("idempotencyKey", "run-1"));
      await()
          .until(
              () ->
                  peer.ask("chat.history", Json.object().put("sessionKey", "agent:main:main"))
                      .toString(),
              history -> history.contains("assistant"));
    }
  }

  @Test
  void nothingIsLeftOnDiskOrInTheStoreOrAnswers() throws Exception {
    Member member = HUB.signUp();
    Member friend = HUB.signUp();
    String secret = "canary-" + member.tenant() + "-7f3a";
    settleIn(member, friend, secret);
    try (Peer socket = HUB.connect(member.key())) {
      Answer erased = erase(member);
      JsonNode proof = erased.body().path("erasure");
      assertEquals(2, proof.at("/ended/agents").asInt(), erased.toString());
      assertTrue(proof.at("/files/files").asInt() >= 1, proof.toString());
      assertTrue(proof.at("/keys/channels").asInt() >= 1, proof.toString());
      assertTrue(proof.at("/audit/seq").asInt() > 5, proof.toString());
      await().until(() -> !socket.isOpen());
      assertEquals(proof, erase(member).body().path("erasure"), "the same proof again");
    }
    assertEquals(401, HUB.get("/v1/tenant", member.key()).status());
    assertEquals(404, HUB.get("/v1/admin/tenants/" + member.tenant(), HUB.adminKey()).status());
    ObjectNode call = Json.object().put("to", member.agent("clerk")).put("payload", "hello");
    assertEquals(404, HUB.rest("POST", "/v1/calls", friend.key(), call).status());
    call.put("to", "market:" + member.tenant() + "/echo");
    assertEquals(404, HUB.rest("POST", "/v1/calls", friend.key(), call).status());
    assertFalse(HUB.get("/v1/market/listings?query=echo", friend.key()).text().contains(secret));

    assertFalse(Files.exists(HUB.data().resolve("workspace").resolve(member.tenant())));
    assertEquals(List.of(), RedisPeek.keysOf(HUB.data(), member.tenant()));
    assertEquals(List.of(), filesWith(HUB.data().resolve("workspace"), secret));
    await().until(() -> !Files.exists(HUB.data().resolve("memory-index").resolve(member.tenant())));
  }

  @Test
  void whoTakesTheIdAgainFindsNothing() {
    Member member = HUB.signUp();
    Member friend = HUB.signUp();
    settleIn(member, friend, "old-secret");
    Answer erased = erase(member);
    assertEquals(200, erased.status(), erased.text());

    Answer again = HUB.rest("POST", "/v1/signup", "", Json.object().put("tenant", member.tenant()));
    Member heir = new Member(member.tenant(), again.body().path("secret").asText());
    assertNotEquals("", heir.key(), again.text());
    assertEquals(401, HUB.get("/v1/tenant", member.key()).status(), "the old key");
    assertEquals(1, HUB.get("/v1/agents", heir.key()).body().path("agents").size());
    for (String path :
        List.of(
            "/v1/channels?status=active",
            "/v1/schedules",
            "/v1/rooms",
            "/v1/market/installs",
            "/v1/agents/main/files",
            "/v1/dead-letters",
            "/v1/usage")) {
      String text = HUB.get(path, heir.key()).text();
      assertFalse(text.contains("old-secret") || text.contains(friend.tenant()), path + text);
    }
    assertEquals(404, HUB.get("/v1/messages/m1", heir.key()).status());
    HUB.defineRemote(heir, "clerk");
    ObjectNode call = Json.object().put("to", heir.agent("clerk")).put("payload", "hello");
    assertEquals(404, HUB.rest("POST", "/v1/calls", friend.key(), call).status(), "old channel");
    try (Peer peer = HUB.connect(heir.key())) {
      JsonNode history =
          peer.ask("chat.history", Json.object().put("sessionKey", "agent:main:main"));
      assertFalse(history.toString().contains("old-secret"), history.toString());
    }
    String channels = HUB.get("/v1/channels?status=active", friend.key()).text();
    assertFalse(channels.contains(member.tenant()), channels);
  }

  @Test
  void onlyThePlatformErasesAndOnlyWhenItSaysSoTwice() {
    Member member = HUB.signUp();
    String path = "/v1/admin/tenants/" + member.tenant() + "/erase";
    ObjectNode confirmed = Json.object().put("confirm", member.tenant());
    assertEquals(403, HUB.rest("POST", path, member.key(), confirmed).status());
    assertEquals(401, HUB.rest("POST", path, "", confirmed).status());
    String auditor =
        HUB.succeed("POST", "/v1/keys", HUB.adminKey(), Json.object().put("role", "auditor"))
            .path("secret")
            .asText();
    assertEquals(403, HUB.rest("POST", path, auditor, confirmed).status());
    for (ObjectNode wrong : List.of(Json.object(), Json.object().put("confirm", "yes"))) {
      Answer refused = HUB.rest("POST", path, HUB.adminKey(), wrong);
      assertEquals(400, refused.status());
      assertEquals("confirm", refused.body().at("/error/details/field").asText());
    }
    ObjectNode nobody = Json.object().put("confirm", "never-was");
    assertEquals(
        404,
        HUB.rest("POST", "/v1/admin/tenants/never-was/erase", HUB.adminKey(), nobody).status());
    assertEquals(
        404,
        HUB.rest(
                "POST",
                "/v1/admin/tenants/platform/erase",
                HUB.adminKey(),
                Json.object().put("confirm", "platform"))
            .status());
    assertEquals(200, HUB.get("/v1/tenant", member.key()).status());
  }

  private static List<Path> filesWith(Path root, String word) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).filter(file -> holds(file, word)).toList();
    }
  }

  private static boolean holds(Path file, String word) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(word);
    } catch (IOException e) {
      return false;
    }
  }
}
