package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.Peer;
import dev.parley.hub.Peer.Close;
import dev.parley.hub.RawSocket;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames that no well-meaning client sends, after the handshake. */
class HostileFramesTest {
  private static final int LIMIT = 65_536;
  private static final int HARD_LIMIT = 4 * LIMIT;

  @RegisterExtension
  static final HubExtension HUB = HubExtension.with("max-payload-bytes", Integer.toString(LIMIT));

  static Stream<Arguments> badFrames() {
    return Stream.of(
        Arguments.of("", "frame", null),
        Arguments.of("{", "frame", null),
        Arguments.of("[]", "frame", null),
        Arguments.of("null", "frame", null),
        Arguments.of("\"req\"", "frame", null),
        Arguments.of("{}", "type", null),
        Arguments.of("{\"type\":\"req\"}", "id", null),
        Arguments.of("{\"type\":\"req\",\"id\":\"\",\"method\":\"health\"}", "id", null),
        Arguments.of("{\"type\":\"req\",\"id\":7,\"method\":\"health\"}", "id", null),
        Arguments.of("{\"type\":\"req\",\"id\":\"x\"}", "method", "x"),
        Arguments.of("{\"type\":\"req\",\"id\":\"x\",\"method\":7}", "method", "x"),
        Arguments.of("{\"type\":\"nonsense\",\"id\":\"x\"}", "type", "x"),
        Arguments.of("{\"type\":\"res\",\"id\":\"x\",\"ok\":true}", "type", null),
        Arguments.of("{\"type\":\"event\",\"event\":\"agent.chunk\"}", "type", null),
        Arguments.of(
            "{\"type\":\"req\",\"id\":\"x\",\"id\":\"y\",\"method\":\"health\"}", "frame", "x"),
        Arguments.of(
            "{\"type\":\"req\",\"id\":\"x\",\"method\":\"health\",\"params\":{\"a\":1,\"a\":2}}",
            "frame",
            "x"),
        Arguments.of("{\"type\":\"req\",\"id\":\"x\",\"method\":\"health\"} {}", "frame", "x"),
        Arguments.of("{\"type\":\"req\",\"id\":\"x\",\"method\":\"health\"", "frame", "x"),
        Arguments.of(request("no.such", "{}"), "method", "x"),
        Arguments.of(request("no\\u0000such", "{}"), "method", "x"),
        Arguments.of(request("connect", "{}"), "method", "x"),
        Arguments.of(request("agent.deliver", "{}"), "method", "x"),
        Arguments.of(request("chat.send", "7"), "params", "x"),
        Arguments.of(request("chat.send", "[]"), "params", "x"),
        Arguments.of(request("chat.send", "{\"message\":1}"), "message", "x"),
        Arguments.of(request("agent.call", "{\"to\":7}"), "to", "x"),
        Arguments.of(request("agent.call", "{\"to\":\"../x\"}"), "to", "x"),
        Arguments.of(
            request("agent.call", "{\"to\":\"a/b\",\"timeoutMs\":1e99}"), "timeoutMs", "x"),
        Arguments.of(request("agent.call", "{\"to\":\"a/b\",\"wanted\":1}"), "wanted", "x"),
        Arguments.of(request("agent.cancel", "{\"id\":[]}"), "id", "x"),
        Arguments.of(request("agent.cancel", "{\"id\":\"x\",\"id\":\"x\"}"), "frame", "x"),
        Arguments.of(request("usage.get", "{\"from\":\"2024-13-45\"}"), "from", "x"),
        Arguments.of(request("health", "{\"a\":" + "9".repeat(200) + "}"), "frame", "x"),
        Arguments.of(request("health", nested(64)), "frame", "x"),
        Arguments.of(request("health", nested(10_000)), "frame", "x"));
  }

  @ParameterizedTest
  @MethodSource("badFrames")
  void aBadFrameIsAnsweredByIdWhereItHasOneNamesTheFieldAndTheConnectionLives(
      String frame, String field, String id) {
    try (Peer person = HUB.connect(HUB.signUp().key())) {
      person.drain();
      person.raw(frame);
      JsonNode answer =
          person.next(f -> f.has("error") || f.path("event").asText().equals("protocol.error"));
      JsonNode error = answer.has("error") ? answer.path("error") : answer.path("payload");
      assertEquals("INVALID_REQUEST", error.path("code").asText(), answer.toString());
      assertEquals(field, error.path("details").path("field").asText(), answer.toString());
      assertEquals(id, answer.path("id").textValue(), answer.toString());
      assertFalse(error.path("retryable").asBoolean(true));
      assertTrue(person.alive());
    }
  }

  @Test
  void nestingUpToTheDepthToldInPolicyIsTaken() {
    try (Peer person = HUB.connect(HUB.signUp().key())) {
      int depth = person.hello().path("policy").path("maxDepth").asInt();
      person.raw(request("health", nested(depth - 1)));
      assertTrue(person.answer("x").path("ok").asBoolean());
    }
  }

  @Test
  void aFrameOfExactlyTheLimitIsTakenAndOneByteMoreIsAnsweredByIdAndToldTheLimit() {
    try (Peer person = HUB.connect(HUB.signUp().key())) {
      assertEquals(LIMIT, person.hello().path("policy").path("maxPayload").asInt());
      String shell = request("health", "{\"filler\":\"\"}");
      String full = "ü".repeat((LIMIT - shell.length()) / 2);
      String odd = (LIMIT - shell.length()) % 2 == 1 ? "x" : "";
      person.raw(request("health", "{\"filler\":\"" + full + odd + "\"}"));
      assertTrue(person.answer("x").path("ok").asBoolean());

      person.raw(request("health", "{\"filler\":\"" + full + odd + "x\"}"));
      JsonNode error = person.answer("x").path("error");
      assertEquals("PAYLOAD_TOO_LARGE", error.path("code").asText());
      assertEquals(LIMIT, error.path("details").path("limit").asInt());
      assertEquals(LIMIT + 1, error.path("details").path("size").asInt());
      assertEquals("frame", error.path("details").path("field").asText());
      assertTrue(person.alive());
    }
  }

  @Test
  void anOversizedFrameWithoutAReadableIdIsAnsweredByAnEvent() {
    try (Peer person = HUB.connect(HUB.signUp().key())) {
      person.raw("{\"type\":\"req\",\"params\":\"" + "x".repeat(LIMIT) + "\",\"id\":\"late\"}");
      assertEquals("PAYLOAD_TOO_LARGE", person.event("protocol.error").path("code").asText());
      assertTrue(person.alive());
    }
  }

  @Test
  void aGiganticFrameIsClosedWith1009WithoutWaitingForItsBytes() {
    try (RawSocket socket = HUB.raw()) {
      socket.hello(HUB.signUp().key());
      socket.announce(RawSocket.TEXT, Long.MAX_VALUE);
      Close close = socket.readUntilClose();
      assertEquals(1009, close.code(), close.reason());
      assertTrue(close.reason().contains(Integer.toString(HARD_LIMIT)), close.reason());
    }
  }

  @Test
  void aGiganticFrameWhoseSenderKeepsWritingStillSeesTheCloseCode() {
    try (RawSocket socket = HUB.raw()) {
      socket.hello(HUB.signUp().key());
      socket.announce(RawSocket.TEXT, 64L << 20);
      byte[] chunk = new byte[1 << 20];
      for (int i = 0; i < 16; i++) {
        socket.write(chunk);
      }
      assertEquals(1009, socket.readUntilClose().code());
    }
  }

  @Test
  void aMessageInManyFramesIsOneMessage() {
    try (RawSocket socket = HUB.raw()) {
      socket.hello(HUB.signUp().key());
      byte[] text = request("health", "{\"filler\":\"größe\"}").getBytes(StandardCharsets.UTF_8);
      socket.frame(RawSocket.TEXT, false, new byte[0]);
      for (byte one : text) {
        socket.frame(RawSocket.CONTINUATION, false, new byte[] {one});
        socket.frame(RawSocket.PING, true, new byte[] {one});
      }
      socket.frame(RawSocket.CONTINUATION, true, new byte[0]);
      assertTrue(socket.answer("x").path("ok").asBoolean());
    }
  }

  @Test
  void aMessageThatGrowsByContinuationsBeyondTheHardLimitIsClosedWith1009() {
    try (RawSocket socket = HUB.raw()) {
      socket.hello(HUB.signUp().key());
      byte[] piece = new byte[1024];
      socket.frame(RawSocket.TEXT, false, piece);
      for (int sent = 1024; sent <= HARD_LIMIT; sent += 1024) {
        socket.frame(RawSocket.CONTINUATION, false, piece);
      }
      assertEquals(1009, socket.readUntilClose().code());
    }
  }

  @Test
  void aFrameThatIsNotUtf8IsClosedWith1007() {
    for (byte[] broken :
        new byte[][] {
          {(byte) 0xff}, {(byte) 0xc3}, {(byte) 0xc0, (byte) 0x80}, {(byte) 0xed, (byte) 0xa0, 0x20}
        }) {
      try (RawSocket socket = HUB.raw()) {
        socket.hello(HUB.signUp().key());
        socket.frame(RawSocket.TEXT, true, broken);
        assertEquals(1007, socket.readUntilClose().code());
      }
    }
  }

  @Test
  void aReplacementCharacterThatSomebodyReallySentIsNoFault() {
    try (Peer person = HUB.connect(HUB.signUp().key())) {
      person.raw(request("health", "{\"filler\":\"\ufffd\"}"));
      assertTrue(person.answer("x").path("ok").asBoolean());
    }
  }

  @Test
  void aBinaryFrameIsClosedWith1002() {
    try (RawSocket socket = HUB.raw()) {
      socket.hello(HUB.signUp().key());
      socket.frame(RawSocket.BINARY, true, new byte[] {1, 2, 3});
      assertEquals(1002, socket.readUntilClose().code());
    }
  }

  @Test
  void framesThatBreakTheProtocolAreClosedWith1002() {
    byte[][] violations = {
      {(byte) 0x81, 0x02, 'h', 'i'},
      {(byte) 0xc1, (byte) 0x80, 0, 0, 0, 0},
      {(byte) 0x83, (byte) 0x80, 0, 0, 0, 0},
      {(byte) 0x80, (byte) 0x80, 0, 0, 0, 0},
      {0x09, (byte) 0x80, 0, 0, 0, 0}
    };
    for (byte[] violation : violations) {
      try (RawSocket socket = HUB.raw()) {
        socket.hello(HUB.signUp().key());
        socket.write(violation);
        assertEquals(1002, socket.readUntilClose().code());
      }
    }
  }

  @Test
  void pingsOfAClientThatDoesNotReadTheAnswersEndWithItsConnection() {
    String key = HUB.signUp().key();
    try (RawSocket socket = RawSocket.dial(HUB.port(), 4096)) {
      socket.upgrade("127.0.0.1:" + HUB.port(), java.util.Map.of());
      socket.hello(key);
      double slow = HUB.metric("parley_connections_slow_total");
      try {
        for (int i = 0; i < 1_000_000; i++) {
          socket.frame(RawSocket.PING, true, new byte[125]);
        }
      } catch (UncheckedIOException hungUp) {
        // What the test is about is told by the metric.
      }
      assertEquals(slow + 1, HUB.metric("parley_connections_slow_total"));
    }
  }

  private static String request(String method, String params) {
    return "{\"type\":\"req\",\"id\":\"x\",\"method\":\"%s\",\"params\":%s}"
        .formatted(method, params);
  }

  private static String nested(int depth) {
    return "{\"a\":" + "[".repeat(depth - 1) + "]".repeat(depth - 1) + "}";
  }
}
