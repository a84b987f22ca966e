package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A hub that takes few calls at a time takes any number one after the other. */
class DeadlinesOfCallsTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("max-calls", "2");

  @Test
  void aDeadlineThatWasJustCancelledTakesNoCallsPlace() {
    Member tenant = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(tenant, "echo");
    try (Peer agent = HUB.connectAgent(tenant.key(), "echo");
        Peer caller = HUB.connect(tenant.key())) {
      for (int i = 0; i < 100; i++) {
        String request =
            caller.send(
                "agent.call", Json.object().put("to", tenant.agent("echo")).put("payload", i));
        StreamPeers.reply(agent, agent.delivery().path("id").asText(), "done");
        JsonNode answer = caller.answer(request);
        assertEquals("done", answer.at("/payload/payload").asText(), answer.toString());
      }
    }
    assertEquals(0, HUB.metric("parley_calls_in_flight"));
    await().until(() -> HUB.metric("parley_deadlines") == 0);
  }
}
