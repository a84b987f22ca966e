package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

class MailRefusalTest extends MailFixture {
  @Test
  void aTimeToLiveThatIsOverOrNoTimeIsRefused() {
    HUB.defineRemote(acme, "worker");
    for (Object ttl : List.of(0, -1, Long.MIN_VALUE, 2_592_000_001L, 1.5, "soon")) {
      ObjectNode message = to("worker").put("messageId", "late").putPOJO("ttlMs", ttl);
      assertEquals(400, post(message).status(), ttl.toString());
    }
    assertEquals(404, HUB.get("/v1/messages/late", acme.key()).status());
  }

  @Test
  void theSameIdIsTheSameMessageOrAConflict() {
    HUB.defineRemote(acme, "worker");
    HUB.defineRemote(acme, "other");
    send("worker", "same", "c");
    assertEquals("accepted", send("worker", "same", "c").path("status").asText());
    Answer otherContent = post(to("worker").put("messageId", "same").put("payload", "different"));
    assertEquals("conflict", otherContent.errorCode());
    Answer otherAgent = post(to("other").put("messageId", "same").put("conversation", "c"));
    assertEquals("conflict", otherAgent.errorCode());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.raw(ok(worker.delivery()));
      awaitStatus("same", "handled");
      assertEquals(0, deliveries(worker));
    }
  }

  @Test
  void anAcknowledgementOfWhatOneWasNotGivenEndsNothing() {
    HUB.defineRemote(acme, "worker");
    HUB.defineRemote(acme, "other");
    Member globex = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(globex, "foreign");
    send("worker", "mine", "c");
    try (Peer worker = HUB.connectAgent(acme.key(), "worker");
        Peer other = HUB.connectAgent(acme.key(), "other");
        Peer foreign = HUB.connectAgent(globex.key(), "foreign")) {
      JsonNode delivery = worker.delivery();
      for (Peer stranger : List.of(other, foreign)) {
        stranger.raw(ok(delivery));
        stranger.raw(error(delivery, "INVALID_REQUEST"));
        assertTrue(stranger.alive());
      }
      worker.raw(ok(Json.object().put("id", "d999")));
      worker.raw(ok(Json.object().put("id", "mine")));
      assertTrue(worker.alive());
      assertEquals("delivered", status("mine"));
      worker.raw(ok(delivery));
      worker.raw(ok(delivery));
      worker.raw(error(delivery, "INVALID_REQUEST"));
      awaitStatus("mine", "handled");
      assertTrue(worker.alive());
      assertEquals("handled", status("mine"));
    }
  }

  @Test
  void aFullMailboxRefusesWithATimeToTryAgainAndTakesMailAgainAfterwards() {
    HUB.defineRemote(acme, "worker");
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + acme.tenant(),
        HUB.adminKey(),
        limits(Json.object().put("mailbox", 2)));
    send("worker", "f1", "c1");
    send("worker", "f2", "c2");
    Answer refused = post(to("worker").put("messageId", "f3"));
    assertEquals("mailbox_full", refused.errorCode());
    assertEquals(429, refused.status());
    assertTrue(refused.headers().containsKey("retry-after"), refused.toString());
    assertEquals(404, HUB.get("/v1/messages/f3", acme.key()).status());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.raw(ok(worker.delivery()));
      worker.raw(ok(worker.delivery()));
      awaitStatus("f1", "handled");
      awaitStatus("f2", "handled");
      assertEquals(200, post(to("worker").put("messageId", "f3")).status());
    }
  }

  @Test
  void mailUnderAChannelThatWasRevokedIsNotDelivered() {
    Member globex = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(globex, "desk");
    String channel = HUB.openChannel(acme, globex, "desk", Json.object()).path("id").asText();
    ObjectNode message = Json.object().put("to", globex.agent("desk")).put("messageId", "late");
    assertEquals(200, post(message).status());
    HUB.succeed("DELETE", "/v1/channels/" + channel, globex.key(), Json.object());
    try (Peer desk = HUB.connectAgent(globex.key(), "desk")) {
      awaitStatus("late", "failed");
      assertEquals(0, deliveries(desk));
    }
    assertEquals(404, post(message.put("messageId", "later")).status());
  }

  @Test
  void onlyTheSenderCanAskAndWhatAnotherTenantHasIsNotFound() {
    Member globex = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(acme, "worker");
    send("worker", "mine", "c");
    Answer foreign = HUB.get("/v1/messages/mine", globex.key());
    Answer absent = HUB.get("/v1/messages/none", globex.key());
    assertEquals(404, foreign.status());
    assertEquals(absent.text(), foreign.text());
    Answer toForeign = HUB.rest("POST", "/v1/messages", globex.key(), to("worker"));
    Answer toNobody =
        HUB.rest("POST", "/v1/messages", globex.key(), to("worker").put("to", acme.agent("nobod")));
    assertEquals(404, toForeign.status());
    assertEquals(toNobody.errorCode(), toForeign.errorCode());
  }

  @Test
  void mailOfASuspendedTenantIsNeitherDeliveredNorLost() {
    Member globex = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(globex, "desk");
    HUB.openChannel(acme, globex, "desk", Json.object());
    ObjectNode message = Json.object().put("to", globex.agent("desk")).put("messageId", "waits");
    assertEquals(200, post(message).status());
    String tenant = "/v1/admin/tenants/" + acme.tenant();
    HUB.succeed("POST", tenant + "/suspend", HUB.adminKey(), Json.object().put("reason", "bill"));
    try (Peer desk = HUB.connectAgent(globex.key(), "desk")) {
      assertEquals(403, post(message.put("messageId", "refused")).status());
      assertTrue(desk.alive());
      assertEquals(0, deliveries(desk), "mail of a suspended tenant was delivered");
      HUB.succeed("POST", tenant + "/resume", HUB.adminKey(), Json.object());
      assertEquals(404, HUB.get("/v1/messages/refused", acme.key()).status());
      assertEquals("accepted", status("waits"));
    }
  }

  @Test
  void aDeletedAgentsMailFails() {
    HUB.defineRemote(acme, "worker");
    send("worker", "orphan", "c");
    HUB.succeed("DELETE", "/v1/agents/worker", acme.key(), Json.object());
    awaitStatus("orphan", "failed");
    assertEquals("not_found", get("orphan").at("/error/code").asText());
  }

  private Answer post(ObjectNode message) {
    return HUB.rest("POST", "/v1/messages", acme.key(), message);
  }

  private static ObjectNode limits(ObjectNode limits) {
    ObjectNode params = Json.object();
    params.set("limits", limits);
    return params;
  }
}
