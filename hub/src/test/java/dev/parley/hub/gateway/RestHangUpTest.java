package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.RawSocket;
import dev.parley.protocol.frame.Json;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** REST clients that go away, or do not read what they asked for. */
class RestHangUpTest {
  private static final Duration IDLE = Duration.ofSeconds(2);
  private static final int SMALL_WINDOW = 16_384;

  /** Times the API document: more than the kernels of both sides hold for a connection. */
  private static final int MANY = 400;

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("http-idle-timeout-ms", Long.toString(IDLE.toMillis()));

  private static void request(
      RawSocket socket, String method, String path, String key, String body) {
    String head =
        "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
            .formatted(method, path, HUB.port(), key, body.length());
    socket.write((head + body).getBytes(StandardCharsets.UTF_8));
  }

  private static Peer worker(Member owner) {
    HUB.defineRemote(owner, "worker");
    return HUB.connectAgent(owner.key(), "worker");
  }

  private static ObjectNode call(Member owner) {
    return Json.object().put("to", owner.agent("worker")).put("payload", "x");
  }

  @Test
  void theAgentIsToldToStopWhenTheCallerHangsUp() {
    Member owner = HUB.signUp();
    try (Peer agent = worker(owner)) {
      String delivery;
      try (RawSocket caller = RawSocket.dial(HUB.port(), 0)) {
        request(caller, "POST", "/v1/calls", owner.key(), Json.write(call(owner)));
        delivery = agent.delivery().path("id").asText();
        assertEquals(1, HUB.metric("parley_calls_in_flight"));
      }
      JsonNode cancelled = agent.event("agent.cancelled");
      assertEquals(delivery, cancelled.path("id").asText());
      assertTrue(cancelled.path("reason").asText().contains("its caller disconnected"));
      await().untilAsserted(() -> assertEquals(0, HUB.metric("parley_calls_in_flight")));
    }
  }

  @Test
  void aCallThatTakesLongerThanAnIdleConnectionMayLastIsAnswered() {
    Member owner = HUB.signUp();
    try (Peer agent = worker(owner);
        RawSocket caller = RawSocket.dial(HUB.port(), 0)) {
      request(caller, "POST", "/v1/calls", owner.key(), Json.write(call(owner)));
      String delivery = agent.delivery().path("id").asText();
      long answerAt = System.nanoTime() + IDLE.toNanos() * 3 / 2;
      await().atMost(Duration.ofSeconds(10)).until(() -> System.nanoTime() > answerAt);
      agent.raw("{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":42}".formatted(delivery));
      String answer = caller.readToEnd();
      assertTrue(answer.startsWith("HTTP/1.1 200 OK"), answer);
      assertTrue(answer.contains("\"payload\":42"), answer);
    }
  }

  @Test
  void aClientThatDoesNotReadItsAnswersIsHungUpOn() {
    try (RawSocket slow = RawSocket.dial(HUB.port(), SMALL_WINDOW)) {
      for (int i = 0; i < MANY; i++) {
        request(slow, "GET", "/openapi.json", "none", "");
      }
      await()
          .atMost(IDLE.multipliedBy(5))
          .until(
              () -> {
                try {
                  slow.write(new byte[] {'\r', '\n'});
                  return false;
                } catch (UncheckedIOException hungUp) {
                  return true;
                }
              });
    }
  }

  @Test
  void aClientThatAsksManyTimesBeforeItReadsGetsEveryAnswer() {
    int length = HUB.get("/openapi.json", "").text().length();
    try (RawSocket late = RawSocket.dial(HUB.port(), SMALL_WINDOW)) {
      for (int i = 0; i < MANY; i++) {
        request(late, "GET", "/openapi.json", "none", "");
      }
      int answered = late.readToEnd().split("HTTP/1.1 200 OK", -1).length - 1;
      assertEquals(MANY, answered, "answers of %d bytes each".formatted(length));
    }
  }
}
