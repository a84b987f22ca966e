package dev.parley.hub.gateway;

import static dev.parley.hub.gateway.StreamPeers.codeOf;
import static dev.parley.hub.gateway.StreamPeers.reply;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who sees whether an agent is there, and when it says that it will be back. */
class AgentPresenceTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private Member tenant;
  private Peer person;

  @BeforeEach
  void aSleeper() {
    tenant = HUB.signUp();
    HUB.defineRemote(tenant, "sleeper");
    person = HUB.connect(tenant.key());
  }

  private JsonNode presence(Peer by) {
    return by.ask("presence.get", Json.object().put("agent", tenant.agent("sleeper")));
  }

  private String state() {
    return presence(person).at("/payload/state").asText();
  }

  private static ObjectNode back(Instant at) {
    return Json.object().put("agent", "sleeper").put("nextActiveAt", at.toString());
  }

  @Test
  void anAgentIsOfflineOrIdleOrAtWork() {
    assertEquals("offline", state());
    try (Peer agent = HUB.connectAgent(tenant.key(), "sleeper")) {
      assertEquals("idle", state());
      person.send("agent.call", Json.object().put("to", tenant.agent("sleeper")));
      String delivery = agent.delivery().path("id").asText();
      assertEquals("online", state());
      reply(agent, delivery, "done");
      await().until(() -> state().equals("idle"));
    }
    await().until(() -> state().equals("offline"));
    assertEquals(
        "idle",
        person
            .succeed("presence.get", Json.object().put("agent", tenant.agent("main")))
            .path("state")
            .asText(),
        "a hosted agent is woken by its next message");
  }

  @Test
  void anAgentSaysWhenItWillBeBackAndIsWakingFromThen() {
    Instant later = Instant.now().plus(Duration.ofHours(1));
    try (Peer agent = HUB.connectAgent(tenant.key(), "sleeper")) {
      agent.succeed("presence.declare", Json.object().put("nextActiveAt", later.toString()));
    }
    await().until(() -> state().equals("offline"));
    assertEquals(later.toString(), presence(person).at("/payload/nextActiveAt").asText());
    person.succeed("presence.declare", back(Instant.now().plusMillis(500)));
    await().until(() -> state().equals("waking"));
    person.succeed("presence.declare", Json.object().put("agent", "sleeper"));
    assertEquals("offline", state());
    assertFalse(presence(person).path("payload").has("nextActiveAt"));
  }

  @Test
  void anotherTenantSeesItThroughAChannelOnlyAndNoLongerThanThat() {
    Member other = HUB.signUp();
    person.succeed("presence.declare", back(Instant.now().plus(Duration.ofDays(1))));
    try (Peer stranger = HUB.connect(other.key())) {
      assertEquals("NOT_FOUND", codeOf(presence(stranger)));
      String channel = HUB.openChannel(other, tenant, "sleeper", Json.object()).path("id").asText();
      assertEquals("offline", presence(stranger).at("/payload/state").asText());
      assertFalse(presence(stranger).at("/payload/nextActiveAt").asText().isEmpty());
      assertEquals(
          "NOT_FOUND",
          codeOf(stranger.ask("presence.declare", Json.object().put("agent", "sleeper"))));
      person.succeed("channel.revoke", Json.object().put("id", channel));
      await().until(() -> codeOf(presence(stranger)).equals("NOT_FOUND"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "tomorrow",
        "2030-01-31",
        "1800000000000",
        "2000-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "+999999999-12-31T23:59:59Z",
        "2030-01-31T08:00:00+25:00"
      })
  void whatIsNoTimeToBeBackIsRefused(String time) {
    JsonNode error =
        person
            .ask(
                "presence.declare", Json.object().put("agent", "sleeper").put("nextActiveAt", time))
            .path("error");
    assertEquals("INVALID_REQUEST", error.path("code").asText());
    assertEquals("nextActiveAt", error.at("/details/field").asText());
  }

  @Test
  void anAgentSpeaksForItselfOnly() {
    HUB.defineRemote(tenant, "colleague");
    try (Peer agent = HUB.connectAgent(tenant.key(), "colleague");
        Peer viewer = HUB.connect(HUB.newKey(tenant, "viewer"));
        Peer nobody = HUB.open()) {
      Instant later = Instant.now().plus(Duration.ofHours(1));
      assertEquals("FORBIDDEN", codeOf(agent.ask("presence.declare", back(later))));
      assertEquals("FORBIDDEN", codeOf(viewer.ask("presence.declare", back(later))));
      assertEquals("FORBIDDEN", codeOf(presence(viewer)));
      nobody.send("presence.get", Json.object().put("agent", tenant.agent("sleeper")));
      assertEquals(1008, nobody.closed().code());
    }
    JsonNode hosted =
        person.ask(
            "presence.declare",
            Json.object()
                .put("agent", "main")
                .put("nextActiveAt", Instant.now().plus(Duration.ofHours(1)).toString()));
    assertEquals("CONFLICT", codeOf(hosted));
    assertEquals("INVALID_REQUEST", codeOf(person.ask("presence.declare", Json.object())));
    assertEquals(
        "INVALID_REQUEST", codeOf(person.ask("presence.get", Json.object().put("agent", "a/b/c"))));
    assertEquals(
        "PAYLOAD_TOO_LARGE",
        codeOf(person.ask("presence.get", Json.object().put("agent", "a".repeat(1 << 20)))));
  }

  @Test
  void aLaterAgentOfTheSameNameHasDeclaredNothing() {
    person.succeed("presence.declare", back(Instant.now().plus(Duration.ofDays(1))));
    HUB.succeed("DELETE", "/v1/agents/sleeper", tenant.key(), Json.object());
    assertEquals("NOT_FOUND", codeOf(presence(person)));
    HUB.defineRemote(tenant, "sleeper");
    assertFalse(presence(person).path("payload").has("nextActiveAt"));
  }
}
