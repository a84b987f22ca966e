package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Channels whose time runs out, with calls under way. */
class ChannelExpiryTest {
  private static final long SOON_S = 2;

  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static ObjectNode call(String to) {
    return Json.object().put("to", to).put("payload", "x");
  }

  private static JsonNode channel(Member from, Member to) {
    return HUB.openChannel(from, to, "worker", Json.object().put("expiresInS", SOON_S));
  }

  private static void endedAt(JsonNode channel) {
    long late = System.currentTimeMillis() - channel.path("expiresAt").asLong();
    assertTrue(late >= -1 && late < 1_500, "ended %d ms after the channel".formatted(late));
  }

  @Test
  void aCallUnderWayEndsForBothSidesWhenItsChannelExpires() {
    Member owner = HUB.signUp();
    Member stranger = HUB.signUp();
    HUB.defineRemote(owner, "worker");
    try (Peer agent = HUB.connectAgent(owner.key(), "worker");
        Peer caller = HUB.connect(stranger.key())) {
      JsonNode channel = channel(stranger, owner);
      String request = caller.send("agent.call", call(owner.agent("worker")));
      String delivery = agent.delivery().path("id").asText();

      JsonNode error = caller.answer(request).path("error");
      endedAt(channel);
      assertEquals("CANCELLED", error.path("code").asText());
      assertEquals("the call was cancelled: its channel expired", error.path("message").asText());
      JsonNode told = agent.event("agent.cancelled");
      assertEquals(delivery, told.path("id").asText());
      assertTrue(told.path("reason").asText().contains("its channel expired"), told.toString());
      assertEquals(
          "NOT_FOUND",
          caller.ask("agent.call", call(owner.agent("worker"))).at("/error/code").asText());
    }
  }

  @Test
  void aRestCallUnderWayEndsWhenItsChannelExpires() throws Exception {
    Member owner = HUB.signUp();
    Member stranger = HUB.signUp();
    HUB.defineRemote(owner, "worker");
    try (Peer agent = HUB.connectAgent(owner.key(), "worker")) {
      JsonNode channel = channel(stranger, owner);
      CompletableFuture<Answer> answer =
          CompletableFuture.supplyAsync(
              () -> HUB.rest("POST", "/v1/calls", stranger.key(), call(owner.agent("worker"))));
      agent.delivery();
      assertEquals("cancelled", answer.get().errorCode());
      endedAt(channel);
    }
  }

  @Test
  void aDeadlineBeforeTheEndOfTheChannelStaysADeadline() {
    Member owner = HUB.signUp();
    Member stranger = HUB.signUp();
    HUB.defineRemote(owner, "worker");
    try (Peer agent = HUB.connectAgent(owner.key(), "worker");
        Peer caller = HUB.connect(stranger.key())) {
      channel(stranger, owner);
      JsonNode error =
          caller.ask("agent.call", call(owner.agent("worker")).put("timeoutMs", 100)).path("error");
      assertEquals("DEADLINE_EXCEEDED", error.path("code").asText());
      agent.event("agent.cancelled");
    }
  }
}
