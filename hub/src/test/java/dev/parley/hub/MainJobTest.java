package dev.parley.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The main job and its refusals, as users and attackers meet them. */
class MainJobTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  @Test
  void aTenantSignsUpAndItsAgentAnswersInPieces() {
    Peer person = HUB.connect(HUB.signUp().key());
    person.send("chat.send", chat("repeat 5 word"));
    int deltas = 0;
    JsonNode chat = person.event("chat");
    while (chat.path("state").asText().equals("delta")) {
      deltas++;
      chat = person.event("chat");
    }
    assertEquals("final", chat.path("state").asText());
    assertTrue(deltas >= 5, "streamed in pieces: " + deltas);
    JsonNode history = person.succeed("chat.history", Json.object().put("sessionKey", "main"));
    assertEquals(2, history.path("messages").size());
  }

  @Test
  void anAgentOfAnotherTenantIsNotFoundWhetherItExistsOrNot() {
    String key = HUB.signUp().key();
    String other = HUB.signUp().tenant();
    JsonNode existing = HUB.rest("POST", "/v1/calls", key, call(other + "/main")).body();
    JsonNode missing = HUB.rest("POST", "/v1/calls", key, call(other + "/nobody")).body();
    JsonNode nowhere = HUB.rest("POST", "/v1/calls", key, call("no-such-tenant/main")).body();
    for (JsonNode answer : new JsonNode[] {existing, missing, nowhere}) {
      assertEquals("not_found", answer.path("error").path("code").asText());
    }
    assertEquals(
        existing.path("error").path("message").asText().replace("/main", "/nobody"),
        missing.path("error").path("message").asText());
  }

  @Test
  void aRevokedKeyClosesItsSocketAndOpensNoOther() {
    Member owner = HUB.signUp();
    JsonNode made = HUB.newKey(owner, Json.object().put("role", "member"));
    String member = made.path("secret").asText();
    Peer socket = HUB.connect(member);
    HUB.succeed(
        "DELETE", "/v1/keys/" + made.path("key").path("id").asText(), owner.key(), Json.object());
    assertEquals(1008, socket.closed().code());
    assertEquals(401, HUB.get("/v1/usage", member).status());
  }

  @Test
  void aMemberMayNotMakeKeysAndAnOwnerMayNotAdministerThePlatform() {
    Member owner = HUB.signUp();
    String member = HUB.newKey(owner, "member");
    ObjectNode wanted = Json.object().put("role", "owner");
    assertEquals(403, HUB.rest("POST", "/v1/keys", member, wanted).status());
    assertEquals(403, HUB.get("/v1/admin/tenants", owner.key()).status());
    assertEquals(
        400, HUB.rest("POST", "/v1/keys", owner.key(), wanted.put("role", "admin")).status());
  }

  @Test
  void aSuspendedTenantCanDoNothing() {
    Member tenant = HUB.signUp();
    Peer person = HUB.connect(tenant.key());
    String path = "/v1/admin/tenants/" + tenant.tenant();
    HUB.succeed("POST", path + "/suspend", HUB.adminKey(), Json.object().put("reason", "unpaid"));
    assertEquals(1008, person.closed().code());
    assertEquals(403, HUB.get("/v1/usage", tenant.key()).status());
    HUB.succeed("POST", path + "/resume", HUB.adminKey(), Json.object());
    assertEquals(200, HUB.get("/v1/usage", tenant.key()).status());
  }

  private static ObjectNode chat(String message) {
    return Json.object()
        .put("sessionKey", "main")
        .put("message", message)
        .put("idempotencyKey", "k1");
  }

  private static ObjectNode call(String to) {
    return Json.object().put("to", to).put("payload", "hello");
  }
}
