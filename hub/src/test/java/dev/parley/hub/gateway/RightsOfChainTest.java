package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Somebody who may talk to agents and may not write files, and tries to have it done by agents: by
 * the one that writes, through one that passes it on, and on every way a message takes.
 */
class RightsOfChainTest {
  @RegisterExtension
  static final HubExtension HUB = HubExtension.with("schedule-min-period-ms", "1000");

  private static final String WRITE = "write notes.md: owned";
  private static final String LEFT = "[\"agents.read\",\"call\",\"files.read\",\"memory.read\"]";

  private final Member acme = HUB.unmetered(HUB.signUp());
  private final String main = acme.agent("main");

  private Peer narrowed() {
    ObjectNode params = Peer.connectParams(acme.key());
    params.putArray("scopes").add("operator.write");
    Peer peer = HUB.open();
    peer.hello(params);
    return peer;
  }

  private static ObjectNode to(String agent, String payload) {
    return Json.object().put("to", agent).put("payload", payload);
  }

  private boolean written() {
    return HUB.get("/v1/agents/main/files/notes.md", acme.key()).text().contains("owned");
  }

  private void handled(String message) {
    await()
        .until(
            () -> HUB.get("/v1/messages/" + message, acme.key()).body().path("status").asText(),
            "handled"::equals);
  }

  @Test
  void whoMayWriteFilesHasThemWritten() {
    try (Peer owner = HUB.connect(acme.key())) {
      JsonNode reply = owner.succeed("agent.call", to(main, WRITE));

      assertTrue(reply.toString().contains("I wrote notes.md"), reply.toString());
      assertTrue(written());
    }
  }

  @Test
  void whoMayNotWriteFilesDoesNotHaveThemWritten() {
    try (Peer peer = narrowed()) {
      assertEquals(
          "FORBIDDEN", peer.ask("agents.files.set", Json.object()).at("/error/code").asText());
      JsonNode reply = peer.succeed("agent.call", to(main, WRITE));

      assertTrue(reply.toString().contains("forbidden"), reply.toString());
      assertFalse(written());
    }
  }

  @Test
  void norByChat() {
    try (Peer peer = narrowed()) {
      ObjectNode params =
          Json.object()
              .put("sessionKey", "agent:main:main")
              .put("message", WRITE)
              .put("idempotencyKey", UUID.randomUUID().toString());
      String run = peer.succeed("chat.send", params).path("runId").asText();
      peer.next(
          frame ->
              frame.path("event").asText().equals("chat")
                  && frame.at("/payload/runId").asText().equals(run)
                  && frame.at("/payload/state").asText().equals("final"));

      assertFalse(written());
    }
  }

  @Test
  void norThroughAnotherHostedAgent() {
    HUB.succeed("POST", "/v1/agents", acme.key(), Json.object().put("name", "helper"));
    try (Peer peer = narrowed()) {
      peer.succeed("agent.call", to(acme.agent("helper"), "ask " + main + " " + WRITE));

      assertFalse(written());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stated", "unstated", "forged"})
  void norThroughARemoteAgentWhateverItSays(String way) {
    HUB.defineRemote(acme, "relay");
    try (Peer peer = narrowed();
        Peer relay = HUB.connectAgent(acme.key(), "relay")) {
      String asked = peer.send("agent.call", to(acme.agent("relay"), "please"));
      JsonNode delivery = relay.delivery();
      assertEquals(LEFT, delivery.at("/params/rights").toString());
      ObjectNode onward = to(main, WRITE);
      if (!way.equals("unstated")) {
        onward.put("parent", delivery.at("/params/id").asText());
      }
      if (way.equals("forged")) {
        onward.putArray("rights").add("files.write").add("call");
      }
      relay.ask("agent.call", onward);
      relay.raw(
          "{\"type\":\"res\",\"id\":%s,\"ok\":true,\"payload\":\"done\"}"
              .formatted(delivery.path("id")));
      peer.answer(asked);

      assertFalse(written());
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void norByMailOfItsOwnOrOfAnAgent(boolean through) {
    HUB.defineRemote(acme, "relay");
    try (Peer peer = narrowed();
        Peer relay = HUB.connectAgent(acme.key(), "relay")) {
      if (!through) {
        handled(peer.succeed("agent.send", to(main, WRITE)).path("messageId").asText());
      } else {
        peer.succeed("agent.send", to(acme.agent("relay"), "please"));
        JsonNode delivery = relay.delivery();
        assertEquals(LEFT, delivery.at("/params/rights").toString());
        String sent =
            relay
                .succeed(
                    "agent.send", to(main, WRITE).put("parent", delivery.at("/params/id").asText()))
                .path("messageId")
                .asText();
        handled(sent);
      }

      assertFalse(written());
    }
  }

  @Test
  void norByASchedule() {
    try (Peer peer = narrowed();
        Peer owner = HUB.connect(acme.key())) {
      ObjectNode wish =
          Json.object().put("agent", "main").put("cron", "0 0 0 1 1 *").put("payload", WRITE);
      String id = peer.succeed("schedule.create", wish).path("id").asText();
      String sent =
          owner.succeed("schedule.run", Json.object().put("id", id)).path("messageId").asText();
      handled(sent);
      assertFalse(written());

      owner.succeed("schedule.update", Json.object().put("id", id).put("payload", WRITE));
      handled(
          owner.succeed("schedule.run", Json.object().put("id", id)).path("messageId").asText());
      assertFalse(written(), "who changes a schedule adds no rights");
    }
  }

  @Test
  void norByATopic() {
    HUB.defineRemote(acme, "relay");
    try (Peer peer = narrowed();
        Peer relay = HUB.connectAgent(acme.key(), "relay")) {
      relay.succeed("topic.subscribe", Json.object().put("topic", "news"));
      peer.succeed("topic.publish", Json.object().put("topic", "news").put("payload", WRITE));

      assertEquals(LEFT, relay.delivery().at("/params/rights").toString());
    }
  }

  @Test
  void anAgentOfItsOwnAccordHasItsNeighbourWrite() {
    HUB.defineRemote(acme, "relay");
    String key =
        HUB.newKey(acme, Json.object().put("role", "agent").put("agent", "relay"))
            .path("secret")
            .asText();
    try (Peer relay = HUB.connectAgent(key, "relay")) {
      relay.succeed("agent.call", to(main, WRITE));

      assertTrue(written());
    }
  }

  @Test
  void rightsInTheParamsOfAPersonAreNotTaken() {
    try (Peer peer = narrowed()) {
      ObjectNode params = to(main, WRITE);
      params.putArray("rights").add("files.write");
      peer.ask("agent.call", params);

      assertFalse(written());
    }
  }
}
