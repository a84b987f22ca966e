package dev.parley.hub.gateway;

import static dev.parley.hub.gateway.StreamPeers.stream;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.RawSocket;
import dev.parley.protocol.frame.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client whose key was revoked and who does not answer the close frame. */
class ClosingSocketTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("close-grace-ms", "1500");

  private final Member tenant = HUB.signUp();
  private final JsonNode key = HUB.newKey(tenant, Json.object().put("role", "owner"));

  private void revoke(RawSocket socket) {
    String id = key.path("key").path("id").asText();
    HUB.succeed("DELETE", "/v1/keys/" + id, tenant.key(), Json.object());
    assertEquals(1008, socket.readUntilClose().code());
  }

  @Test
  void whatItAsksForIsNotDoneAnyMore() {
    try (RawSocket socket = HUB.raw()) {
      socket.hello(key.path("secret").asText());
      revoke(socket);
      socket.text(
          Peer.request(
              "late", "agents.create", Json.object().put("name", "ghost").put("kind", "remote")));
      socket.readToEnd();
    }
    String agents = HUB.get("/v1/agents", tenant.key()).text();
    assertTrue(agents.contains("main") && !agents.contains("ghost"), agents);
  }

  @Test
  void aStreamThatAnAgentAsksForIsNotKept() {
    HUB.defineRemote(tenant, "teller");
    try (RawSocket socket = HUB.raw()) {
      socket.text(
          Peer.request(
              "hello",
              "connect",
              Peer.connectParams(key.path("secret").asText())
                  .put("role", "agent")
                  .put("agent", "teller")));
      socket.answer("hello");
      revoke(socket);
      socket.text(Peer.request("late", "agent.call", stream(tenant.agent("main"), "m-1", 1)));
      socket.readToEnd();
    }
    await().until(() -> HUB.metric("parley_streams") == 0);
  }
}
