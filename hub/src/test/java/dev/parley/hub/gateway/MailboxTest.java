package dev.parley.hub.gateway;

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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sent messages as their senders and their agents see them. */
class MailboxTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "mail-back-off-ms", "20", "mail-attempts", "3", "mail-ack-timeout-ms", "1500");

  private final Member acme = HUB.unmetered(HUB.signUp());

  @Test
  void mailForAnAgentThatIsAwayComesInOrderWithinItsWindowWhenItConnects() {
    HUB.defineRemote(acme, "worker");
    try (Peer sender = HUB.connect(acme.key());
        Peer watcher = HUB.connect(acme.key())) {
      for (int i = 0; i < 20; i++) {
        ObjectNode message = to("worker").put("conversation", "orders").put("messageId", "m" + i);
        message.put("payload", i);
        assertEquals("accepted", sender.succeed("agent.send", message).path("status").asText());
      }
      assertEquals("accepted", status("m0"));
      try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
        for (int i = 0; i < 20; i++) {
          JsonNode delivery = worker.delivery();
          assertEquals("m" + i, delivery.at("/params/id").asText());
          assertEquals("send", delivery.at("/params/kind").asText());
          assertEquals(i, delivery.at("/params/payload").asInt());
          worker.raw(ok(delivery));
        }
        awaitStatus("m19", "handled");
      }
      List<String> told = new ArrayList<>();
      while (told.size() < 3) {
        JsonNode receipt = watcher.event("message.receipt");
        if (receipt.path("messageId").asText().equals("m19")) {
          told.add(receipt.path("status").asText());
        }
      }
      assertEquals(List.of("accepted", "delivered", "handled"), told);
    }
  }

  @Test
  void theNextOfAConversationWaitsForTheAcknowledgementAndOtherConversationsDoNot() {
    HUB.defineRemote(acme, "worker");
    send("worker", "a1", "a");
    send("worker", "a2", "a");
    send("worker", "b1", "b");
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      JsonNode first = worker.delivery();
      JsonNode second = worker.delivery();
      assertEquals(Set.of("a1", "b1"), Set.of(idOf(first), idOf(second)));
      assertTrue(worker.alive());
      assertEquals(0, deliveries(worker), "a2 came before a1 was acknowledged");
      worker.raw(ok(idOf(first).equals("a1") ? first : second));
      assertEquals("a2", idOf(worker.delivery()));
    }
  }

  @Test
  void aDisconnectBringsTheMessageAgainAndAnAcknowledgementEndsIt() {
    HUB.defineRemote(acme, "worker");
    send("worker", "once", "c");
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      assertEquals("once", idOf(worker.delivery()));
    }
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      JsonNode again = worker.delivery();
      assertEquals("once", idOf(again));
      worker.raw(ok(again));
      awaitStatus("once", "handled");
      assertEquals(2, get("once").path("attempts").asInt());
      assertEquals("handled", send("worker", "once", "c").path("status").asText());
      assertTrue(worker.alive());
      assertEquals(0, deliveries(worker), "a handled message was delivered again");
    }
  }

  @Test
  void aPoisonMessageFailsAfterItsAttemptsAndTheConversationGoesOn() {
    HUB.defineRemote(acme, "worker");
    send("worker", "poison", "c");
    send("worker", "fine", "c");
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      for (int attempt = 1; attempt <= 3; attempt++) {
        JsonNode delivery = worker.delivery();
        assertEquals("poison", idOf(delivery));
        worker.raw(error(delivery, "INTERNAL"));
      }
      JsonNode next = worker.delivery();
      assertEquals("fine", idOf(next));
      worker.raw(ok(next));
      awaitStatus("fine", "handled");
      JsonNode failed = get("poison");
      assertEquals("failed", failed.path("status").asText());
      assertEquals(3, failed.path("attempts").asInt());
      assertEquals("agent_failed", failed.at("/error/code").asText());
    }
  }

  @Test
  void whatTheAgentSaysIsHopelessIsNotTriedAgain() {
    HUB.defineRemote(acme, "worker");
    send("worker", "hopeless", "c");
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.raw(error(worker.delivery(), "INVALID_REQUEST"));
      awaitStatus("hopeless", "failed");
      assertEquals(1, get("hopeless").path("attempts").asInt());
    }
  }

  @Test
  void aHandlerThatNeverAcknowledgesGetsTheMessageAgain() {
    HUB.defineRemote(acme, "worker");
    send("worker", "slow", "c");
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.delivery();
      assertEquals(
          "agent.cancelled",
          worker.next(f -> f.path("event").asText().startsWith("agent.c")).path("event").asText());
      JsonNode again = worker.delivery();
      assertEquals("slow", idOf(again));
      worker.raw(ok(again));
      awaitStatus("slow", "handled");
    }
  }

  @Test
  void highPriorityGoesAheadAndLowWaits() {
    HUB.defineRemote(acme, "worker");
    for (String priority : List.of("low", "normal", "high")) {
      succeed(to("worker").put("messageId", priority).put("priority", priority));
    }
    ObjectNode connect = Peer.connectParams(acme.key()).put("role", "agent").put("agent", "worker");
    try (Peer worker = HUB.open()) {
      worker.hello(connect.put("window", 1));
      for (String expected : List.of("high", "normal", "low")) {
        JsonNode delivery = worker.delivery();
        assertEquals(expected, idOf(delivery));
        worker.raw(ok(delivery));
      }
    }
  }

  @Test
  void anAgentGetsNoMoreAtOnceThanItsWindow() {
    HUB.defineRemote(acme, "worker");
    for (int i = 0; i < 12; i++) {
      send("worker", "w" + i, "c" + i);
    }
    ObjectNode connect = Peer.connectParams(acme.key()).put("role", "agent").put("agent", "worker");
    Set<String> seen = new HashSet<>();
    try (Peer worker = HUB.open()) {
      worker.hello(connect.put("window", 3));
      List<JsonNode> held = List.of(worker.delivery(), worker.delivery(), worker.delivery());
      assertTrue(worker.alive());
      assertEquals(0, deliveries(worker), "more than the window");
      held.forEach(delivery -> worker.raw(ok(delivery)));
      held.forEach(delivery -> seen.add(idOf(delivery)));
      while (seen.size() < 12) {
        JsonNode delivery = worker.delivery();
        seen.add(idOf(delivery));
        worker.raw(ok(delivery));
      }
    }
  }

  @Test
  void whatIsNotHandledInTimeExpires() {
    HUB.defineRemote(acme, "worker");
    try (Peer sender = HUB.connect(acme.key())) {
      sender.succeed("agent.send", to("worker").put("messageId", "brief").put("ttlMs", 50));
      sender.next(f -> f.at("/payload/status").asText().equals("expired"));
    }
    assertEquals("deadline_exceeded", get("brief").at("/error/code").asText());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      assertTrue(worker.alive());
      assertEquals(0, deliveries(worker), "an expired message was delivered");
    }
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

  @Test
  void aHostedAgentHandlesMailInATurn() {
    succeed(to("main").put("messageId", "turn").put("payload", "repeat 2 word"));
    awaitStatus("turn", "handled");
    assertEquals(1, get("turn").path("attempts").asInt());
  }

  private ObjectNode to(String agent) {
    return Json.object().put("to", acme.agent(agent)).put("payload", "x");
  }

  private JsonNode send(String agent, String id, String conversation) {
    return succeed(to(agent).put("messageId", id).put("conversation", conversation));
  }

  private JsonNode succeed(ObjectNode message) {
    return HUB.succeed("POST", "/v1/messages", acme.key(), message);
  }

  private Answer post(ObjectNode message) {
    return HUB.rest("POST", "/v1/messages", acme.key(), message);
  }

  private JsonNode get(String id) {
    return HUB.get("/v1/messages/" + id, acme.key()).body();
  }

  private String status(String id) {
    return get(id).path("status").asText();
  }

  private void awaitStatus(String id, String status) {
    await().until(() -> status(id), status::equals);
  }

  private static ObjectNode limits(ObjectNode limits) {
    ObjectNode params = Json.object();
    params.set("limits", limits);
    return params;
  }

  private static String idOf(JsonNode delivery) {
    return delivery.at("/params/id").asText();
  }

  private static long deliveries(Peer peer) {
    return peer.drain().stream()
        .filter(frame -> frame.path("method").asText().equals("agent.deliver"))
        .count();
  }

  private static String ok(JsonNode delivery) {
    return "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
        .formatted(delivery.path("id").asText());
  }

  private static String error(JsonNode delivery, String code) {
    return ("{\"type\":\"res\",\"id\":\"%s\",\"ok\":false,\"error\":{\"code\":\"%s\","
            + "\"message\":\"cannot\",\"retryable\":false}}")
        .formatted(delivery.path("id").asText(), code);
  }
}
