package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Sent messages as their senders and their agents see them. */
class MailboxTest extends MailFixture {
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
  void whatAMessageLedToIsInItsChainAndItsTrace() {
    String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    HUB.defineRemote(acme, "worker");
    HUB.defineRemote(acme, "second");
    HUB.rest(
        HUB.method("POST", "/v1/messages", acme.key())
            .header("traceparent", trace)
            .method(
                "POST",
                java.net.http.HttpRequest.BodyPublishers.ofString(
                    Json.write(to("worker").put("messageId", "root")))));
    assertEquals(trace, get("root").path("traceparent").asText());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      JsonNode delivery = worker.delivery();
      assertEquals(trace, delivery.at("/params/traceparent").asText());
      worker.succeed("agent.send", to("second").put("messageId", "leaf").put("parent", "root"));
      worker.raw(ok(delivery));
    }
    JsonNode leaf = get("leaf");
    assertEquals(trace, leaf.path("traceparent").asText());
    assertEquals("root", leaf.at("/causes/0/message").asText());
    assertEquals(acme.agent("worker"), leaf.at("/causes/0/handler").asText());
  }

  @Test
  void aHostedAgentHandlesMailInATurn() {
    succeed(to("main").put("messageId", "turn").put("payload", "repeat 2 word"));
    awaitStatus("turn", "handled");
    assertEquals(1, get("turn").path("attempts").asInt());
  }

  private static String idOf(JsonNode delivery) {
    return delivery.at("/params/id").asText();
  }
}
