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
import dev.parley.hub.Peer.Close;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What goes when an agent is deleted, and that a new one of its name starts with nothing. */
class AgentRemovalTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("offline-pacing-ms", "8");

  private Member owner;
  private Member buyer;
  private Peer agent;
  private String agentKey;

  @BeforeEach
  void publishAnAgentThatOthersUse() {
    owner = HUB.signUp();
    buyer = HUB.signUp();
    create("worker");
    agentKey =
        HUB.newKey(owner, Json.object().put("role", "agent").put("agent", "worker"))
            .path("secret")
            .asText();
    agent = HUB.connectAgent(agentKey, "worker");
    publish("tool", "worker");
    install("tool");
  }

  private void create(String name) {
    HUB.succeed(
        "POST", "/v1/agents", owner.key(), Json.object().put("name", name).put("kind", "remote"));
  }

  private void publish(String listing, String by) {
    HUB.succeed(
        "POST",
        "/v1/market/listings",
        owner.key(),
        Json.object().put("name", listing).put("agent", by));
  }

  private void install(String listing) {
    HUB.succeed(
        "POST",
        "/v1/market/installs",
        buyer.key(),
        Json.object().put("listing", owner.tenant() + "/" + listing));
  }

  private String channel(String from, String to) {
    String id =
        HUB.succeed(
                "POST", "/v1/channels", buyer.key(), Json.object().put("from", from).put("to", to))
            .at("/channel/id")
            .asText();
    HUB.succeed("POST", "/v1/channels/" + id + "/accept", owner.key(), Json.object());
    return id;
  }

  private JsonNode delete(String name) {
    return HUB.succeed("DELETE", "/v1/agents/" + name, owner.key(), Json.object());
  }

  private String callError(Member by, String to) {
    Answer answer =
        HUB.rest(
            "POST",
            "/v1/calls",
            by.key(),
            Json.object().put("to", to).put("payload", 1).put("timeoutMs", 2_000));
    return answer.errorCode();
  }

  @Test
  void itsSocketsCloseItsCallsAreCancelledAndAllThatLedToItEnds() {
    String toIt = channel(buyer.tenant(), owner.agent("worker"));
    String byIt = channel(owner.agent("worker"), buyer.agent("main"));
    String other = channel(buyer.tenant(), owner.agent("main"));
    Peer caller = HUB.connect(buyer.key());
    String inFlight =
        caller.send("agent.call", Json.object().put("to", owner.agent("worker")).put("payload", 1));
    agent.delivery();

    JsonNode gone = delete("worker");

    assertEquals(1, gone.path("listingsUnpublished").asInt(), gone.toString());
    assertEquals(1, gone.path("installsEnded").asInt());
    assertEquals(2, gone.path("channelsRevoked").asInt());
    assertEquals(1, gone.path("keysRevoked").asInt());
    await().atMost(Duration.ofSeconds(1)).until(() -> !agent.isOpen());
    Close close = agent.closed();
    assertEquals(1008, close.code());
    assertEquals("CANCELLED", caller.answer(inFlight).at("/error/code").asText());
    assertEquals("revoked", status(toIt));
    assertEquals("revoked", status(byIt));
    assertEquals("active", status(other));
    assertEquals(401, HUB.get("/v1/agents", agentKey).status());
    assertEquals("not_found", callError(owner, owner.agent("worker")));
    assertEquals("not_found", callError(buyer, owner.agent("worker")));
  }

  private String status(String channel) {
    return HUB.get("/v1/channels/" + channel, buyer.key()).body().at("/channel/status").asText();
  }

  @Test
  void whatOthersInstalledStopsBeingCallableAndSaysSo() {
    delete("worker");
    String listing = owner.tenant() + "/tool";
    assertEquals("not_found", callError(buyer, "market:" + listing));
    JsonNode install = HUB.get("/v1/market/installs", buyer.key()).body().path("installs").path(0);
    assertTrue(install.path("endedAt").asLong() > 0, install.toString());
    assertEquals(
        404, HUB.get("/v1/market/listings/" + listing.replace("/", "%2F"), buyer.key()).status());
    Answer again =
        HUB.rest("POST", "/v1/market/installs", buyer.key(), Json.object().put("listing", listing));
    assertEquals("not_found", again.errorCode());
  }

  @Test
  void anInstallFromBeforeItsListingMovedToAnotherAgentEndsToo() {
    create("successor");
    ObjectNode moved = Json.object().put("name", "tool").put("agent", "successor");
    HUB.succeed("POST", "/v1/market/listings", owner.key(), moved);
    JsonNode gone = delete("worker");
    assertEquals(0, gone.path("listingsUnpublished").asInt(), "it is the successor's now");
    assertEquals(1, gone.path("installsEnded").asInt());
    install("tool");
    Peer successor = HUB.connectAgent(owner.key(), "successor");
    Peer caller = HUB.connect(buyer.key());
    String id =
        caller.send("agent.call", Json.object().put("to", "market:" + owner.tenant() + "/tool"));
    successor.raw(
        "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true}"
            .formatted(successor.delivery().path("id").asText()));
    assertTrue(caller.answer(id).path("ok").asBoolean());
  }

  @Test
  void aNewAgentOfTheSameNameInheritsNothing() {
    channel(buyer.tenant(), owner.agent("worker"));
    delete("worker");
    create("worker");
    assertEquals("not_found", callError(buyer, owner.agent("worker")));
    assertEquals("not_found", callError(buyer, "market:" + owner.tenant() + "/tool"));
    assertEquals(401, HUB.get("/v1/agents", agentKey).status());
    assertEquals("agent_offline", callError(owner, owner.agent("worker")));
  }

  @Test
  void anAgentThatConnectsWhileItIsDeletedDoesNotStay() {
    delete("worker");
    for (int round = 0; round < 10; round++) {
      create("worker");
      Peer racing = HUB.open();
      String connect =
          racing.send(
              "connect",
              Peer.connectParams(owner.key()).put("role", "agent").put("agent", "worker"));
      delete("worker");
      racing.answer(connect);
      assertEquals(1008, racing.closed().code());
      assertEquals("not_found", callError(owner, owner.agent("worker")));
    }
  }

  @Test
  void aHostedAgentsRunIsCancelledForWhoChatsWithIt() {
    HUB.succeed("POST", "/v1/agents", owner.key(), Json.object().put("name", "thinker"));
    Peer person = HUB.connect(owner.key());
    person.succeed(
        "chat.send",
        Json.object()
            .put("sessionKey", "agent:thinker:main")
            .put("message", "repeat 100000 word")
            .put("idempotencyKey", "run-1"));
    person.event("chat");
    delete("thinker");
    JsonNode end =
        person
            .next(
                f ->
                    f.at("/payload/runId").asText().equals("run-1")
                        && !f.at("/payload/state").asText("delta").equals("delta"))
            .path("payload");
    assertTrue(
        end.path("state").asText().equals("aborted") || end.path("state").asText().equals("error"),
        end.toString());
  }

  @Test
  void anUpdateThatMeetsADeletionDoesNotBringTheAgentBack() {
    delete("worker");
    Answer answer =
        HUB.rest("PATCH", "/v1/agents/worker", owner.key(), Json.object().put("name", "back"));
    assertEquals("not_found", answer.errorCode());
    assertEquals("not_found", callError(owner, owner.agent("worker")));
  }
}
