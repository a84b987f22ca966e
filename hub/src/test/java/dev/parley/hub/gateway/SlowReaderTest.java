package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.Peer.Close;
import dev.parley.hub.RawSocket;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client that stops reading while a flood is sent at it. */
class SlowReaderTest {
  private static final int BUFFERED = 1 << 20;
  private static final int CHUNK = 100_000;
  private static final int CHUNKS = 400;

  /** What the kernels of both sides hold at most for a connection on this machine, generously. */
  private static final long KERNEL = 12L << 20;

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("max-buffered-bytes", Integer.toString(BUFFERED), "close-grace-ms", "4000");

  private Member tenant;
  private Peer agent;

  @BeforeEach
  void connectAnAgentThatFloods() {
    tenant = HUB.unmetered(HUB.signUp());
    HUB.succeed(
        "POST",
        "/v1/agents",
        tenant.key(),
        Json.object().put("name", "flood").put("kind", "remote"));
    agent = HUB.connectAgent(tenant.key(), "flood");
  }

  private RawSocket connectWithASmallWindow() {
    RawSocket slow = RawSocket.dial(HUB.port(), 16_384);
    slow.upgrade("127.0.0.1:" + HUB.port(), Map.of());
    slow.hello(tenant.key());
    return slow;
  }

  /** The slow client asks for a stream, the agent sends more of it than anybody buffers. */
  private void flood(RawSocket slow) {
    ObjectNode call = Json.object().put("to", tenant.agent("flood")).put("stream", true);
    slow.text(Peer.request("call", "agent.call", call));
    String delivery = agent.delivery().path("id").asText();
    ObjectNode payload = Json.object().put("id", delivery).put("payload", "x".repeat(CHUNK));
    String chunk =
        Json.write(
            Json.object()
                .put("type", "event")
                .put("event", "agent.chunk")
                .<ObjectNode>set("payload", payload));
    for (int i = 0; i < CHUNKS; i++) {
      agent.raw(chunk);
    }
  }

  @Test
  void itGetsWhatWasBufferedAndThenIsToldWhyItIsDisconnected() {
    double before = HUB.metric("parley_connections_slow_total");
    try (RawSocket slow = connectWithASmallWindow()) {
      flood(slow);
      await()
          .untilAsserted(
              () -> assertEquals(before + 1, HUB.metric("parley_connections_slow_total")));
      Close close = slow.readUntilClose();
      assertEquals(1008, close.code());
      assertTrue(close.reason().contains("slow consumer"), close.reason());
      assertTrue(close.reason().contains(Integer.toString(BUFFERED)), close.reason());
      long sent = (long) CHUNK * CHUNKS;
      assertTrue(sent > BUFFERED + KERNEL, "the flood is larger than all buffers");
      assertTrue(
          slow.bytesRead() < BUFFERED + KERNEL + 2 * CHUNK,
          "%d bytes were kept for it".formatted(slow.bytesRead()));
    }
  }

  @Test
  void aClientThatReadsIsNotTakenForASlowOneInABurstOfSmallEvents() {
    double before = HUB.metric("parley_connections_slow_total");
    for (int i = 0; i < 4; i++) {
      try (Peer reader = HUB.connect(tenant.key())) {
        ObjectNode call = Json.object().put("to", tenant.agent("flood")).put("stream", true);
        String request = reader.send("agent.call", call);
        String delivery = agent.delivery().path("id").asText();
        ObjectNode payload = Json.object().put("id", delivery).put("payload", "x");
        String chunk =
            Json.write(
                Json.object()
                    .put("type", "event")
                    .put("event", "agent.chunk")
                    .<ObjectNode>set("payload", payload));
        for (int sent = 0; sent < 2_000; sent++) {
          agent.rawLater(chunk);
        }
        agent.raw("{\"type\":\"res\",\"id\":\"%s\",\"ok\":true}".formatted(delivery));
        assertTrue(reader.answer(request).path("ok").asBoolean());
      }
    }
    assertEquals(before, HUB.metric("parley_connections_slow_total"));
  }

  @Test
  void itsCallIsCancelledAtTheAgentSoThatTheFloodEnds() {
    try (RawSocket slow = connectWithASmallWindow()) {
      flood(slow);
      String reason = agent.event("agent.cancelled").path("reason").asText();
      assertTrue(reason.contains("disconnected"), reason);
      assertTrue(agent.alive());
    }
  }

  @Test
  void oneThatNeverReadsAgainIsHungUpOnAfterTheGrace() {
    double before = HUB.metric("parley_connections");
    try (RawSocket slow = connectWithASmallWindow()) {
      flood(slow);
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertEquals(before, HUB.metric("parley_connections")));
    }
  }
}
