package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.Peer.Close;
import dev.parley.hub.RawSocket;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.frame.Json;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a socket may do before the hub knows who it is. */
class HandshakeTest {
  private static final int HANDSHAKE_BYTES = 64 << 10;

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "handshake-timeout-ms", "1500", "close-grace-ms", "1000", "max-handshakes", "20");

  @Test
  void theHubSpeaksFirstAndEachTimeWithAnotherNonce() {
    try (Peer one = HUB.open();
        Peer other = HUB.open()) {
      String nonce = one.event("connect.challenge").path("nonce").asText();
      assertFalse(nonce.isEmpty());
      assertNotEquals(nonce, other.event("connect.challenge").path("nonce").asText());
    }
  }

  @Test
  void aClientIsToldEachEventThatThereIs() {
    try (Peer peer = HUB.connect(HUB.signUp().key())) {
      List<String> told = new ArrayList<>();
      peer.hello().at("/features/events").forEach(event -> told.add(event.asText()));
      assertEquals(List.copyOf(Contract.load().events().keySet()), told);
      assertTrue(told.contains("room.message"), told.toString());
    }
  }

  @Test
  void whoSaysNothingIsDisconnectedInTime() {
    try (RawSocket silent = HUB.raw()) {
      Close close = silent.readUntilClose();
      assertEquals(1008, close.code());
      assertTrue(close.reason().contains("connect"), close.reason());
    }
  }

  @Test
  void whoOnlyPingsIsDisconnectedInTime() {
    try (RawSocket pinging = HUB.raw()) {
      for (int i = 0; i < 200; i++) {
        pinging.frame(RawSocket.PING, true, new byte[] {1});
      }
      assertEquals(1008, pinging.readUntilClose().code());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "",
        "{\"type\":\"res\",\"id\":\"1\",\"ok\":true}",
        "{\"type\":\"event\",\"event\":\"tick\"}",
        "{\"type\":\"req\",\"id\":\"1\",\"id\":\"2\",\"method\":\"connect\"}"
      })
  void whatIsNoRequestIsClosed(String first) {
    try (Peer stranger = HUB.open()) {
      stranger.raw(first);
      Close close = stranger.closed();
      assertEquals(1008, close.code());
      assertEquals("invalid request frame", close.reason());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"health", "agent.call", "admin.status", "no.such", "agent.deliver"})
  void anyOtherFirstRequestIsRefusedAndClosed(String method) {
    try (Peer stranger = HUB.open()) {
      JsonNode answer = stranger.ask(method, Json.object());
      assertEquals("INVALID_REQUEST", answer.path("error").path("code").asText());
      assertEquals("method", answer.path("error").path("details").path("field").asText());
      assertEquals(1008, stranger.closed().code());
    }
  }

  @Test
  void aConnectWithParamsOfTheWrongTypeNamesTheFieldAndIsClosed() {
    ObjectNode params = Peer.connectParams(HUB.signUp().key());
    params.put("maxProtocol", "four");
    try (Peer stranger = HUB.open()) {
      JsonNode error = stranger.ask("connect", params).path("error");
      assertEquals("INVALID_REQUEST", error.path("code").asText());
      assertEquals("maxProtocol", error.path("details").path("field").asText());
      assertEquals(1008, stranger.closed().code());
    }
  }

  @Test
  void anotherWireVersionIsToldWhichOneIsSpoken() {
    ObjectNode params = Peer.connectParams(HUB.signUp().key());
    params.put("minProtocol", 5).put("maxProtocol", 9);
    try (Peer stranger = HUB.open()) {
      JsonNode details = stranger.ask("connect", params).path("error").path("details");
      assertEquals("PROTOCOL_MISMATCH", details.path("code").asText());
      assertEquals(4, details.path("expectedProtocol").asInt());
      assertEquals(1002, stranger.closed().code());
    }
  }

  @Test
  void aSecondConnectWhileTheFirstIsLookedAtIsClosed() {
    String key = HUB.signUp().key();
    try (RawSocket hasty = HUB.raw()) {
      String connect = Peer.request("1", "connect", Peer.connectParams(key));
      byte[] one = RawSocket.encode(connect);
      byte[] both = new byte[one.length * 2];
      System.arraycopy(one, 0, both, 0, one.length);
      System.arraycopy(one, 0, both, one.length, one.length);
      hasty.write(both);
      Close close = hasty.readUntilClose();
      assertEquals(1008, close.code());
      assertEquals("wait for the answer to connect", close.reason());
    }
  }

  @Test
  void aSecondConnectAfterTheFirstIsRefusedAndTheConnectionLives() {
    Member tenant = HUB.signUp();
    Member other = HUB.signUp();
    try (Peer person = HUB.connect(tenant.key())) {
      JsonNode answer = person.ask("connect", Peer.connectParams(other.key()));
      assertEquals("method", answer.path("error").path("details").path("field").asText());
      assertEquals(
          tenant.tenant(),
          person.succeed("tenant.get", Json.object()).path("tenant").path("id").asText());
    }
  }

  @Test
  void aFirstFrameBeyondItsLimitIsClosedWith1009BeforeItIsWhole() {
    try (RawSocket stranger = HUB.raw()) {
      stranger.announce(RawSocket.TEXT, 1 << 20);
      stranger.write(new byte[HANDSHAKE_BYTES + 1]);
      Close close = stranger.readUntilClose();
      assertEquals(1009, close.code());
      assertTrue(close.reason().contains(Integer.toString(HANDSHAKE_BYTES)), close.reason());
    }
  }

  @Test
  void aFirstMessageThatGrowsByContinuationsIsClosedWith1009() {
    try (RawSocket stranger = HUB.raw()) {
      stranger.frame(RawSocket.TEXT, false, new byte[1024]);
      for (int i = 0; i < 64; i++) {
        stranger.frame(RawSocket.CONTINUATION, false, new byte[1024]);
      }
      assertEquals(1009, stranger.readUntilClose().code());
    }
  }

  @Test
  void aStrangerMayNotSendMoreInAllThanItsLimitWhateverTheFrames() {
    try (RawSocket stranger = HUB.raw()) {
      try {
        for (int i = 0; i < 10_000; i++) {
          stranger.frame(RawSocket.PING, true, new byte[100]);
        }
      } catch (UncheckedIOException hungUp) {
        // Also a way to be told.
      }
      assertEquals(1009, stranger.readUntilClose().code());
    }
  }

  @Test
  void aFirstFrameThatIsNotUtf8IsClosedWith1007() {
    try (RawSocket stranger = HUB.raw()) {
      stranger.frame(RawSocket.TEXT, true, new byte[] {'{', (byte) 0xff, '}'});
      assertEquals(1007, stranger.readUntilClose().code());
    }
  }

  @Test
  void aFloodOfStrangersIsTurnedAwayAndThoseWhoAreKnownAreServed() {
    Member tenant = HUB.signUp();
    Peer known = HUB.connect(tenant.key());
    List<RawSocket> strangers = new ArrayList<>();
    try {
      int refused = 0;
      for (int i = 0; i < 40; i++) {
        RawSocket stranger = HUB.raw();
        strangers.add(stranger);
      }
      for (RawSocket stranger : strangers) {
        refused += stranger.readUntilClose().code() == 1013 ? 1 : 0;
      }
      assertEquals(20, refused, "of 40 strangers, 20 too many");
      assertTrue(known.alive());
    } finally {
      strangers.forEach(RawSocket::close);
      known.close();
    }
    await()
        .untilAsserted(
            () -> {
              try (Peer later = HUB.open()) {
                later.hello(tenant.key());
              }
            });
  }

  @Test
  void everyWrongKeyGetsTheSameAnswer() {
    Member tenant = HUB.signUp();
    String key = tenant.key();
    String otherSecret = key.substring(0, key.length() - 4) + "aaaa";
    String[] parts = key.split("_", -1);
    String otherId = String.join("_", parts[0], parts[1], "aaaaaaaaaaaa", parts[3]);
    String nowhere = String.join("_", parts[0], "no-such-tenant", parts[2], parts[3]);
    String first = refusal(otherSecret);
    for (String wrong :
        List.of(otherId, nowhere, "nonsense", key + "a", "prl_../../etc_x_y", "\u0000")) {
      assertEquals(first, refusal(wrong), wrong);
    }
    assertTrue(first.contains("AUTH_TOKEN_MISMATCH"), first);
    assertFalse(first.contains(tenant.tenant()), first);
  }

  private static String refusal(String key) {
    try (Peer stranger = HUB.open()) {
      String id = stranger.send("connect", Peer.connectParams(key));
      String answer = stranger.rawAnswer(id);
      assertEquals(1008, stranger.closed().code());
      return answer;
    }
  }

  @Test
  void aKeyInTheUrlIsNoKey() {
    Member tenant = HUB.signUp();
    try (RawSocket stranger = RawSocket.dial(HUB.port(), 0)) {
      String path = "/ws?token=" + tenant.key();
      assertTrue(
          stranger.upgrade(path, "127.0.0.1:" + HUB.port(), java.util.Map.of()).contains("101"));
      ObjectNode params = Peer.connectParams("");
      stranger.text(Peer.request("1", "connect", params));
      JsonNode error = stranger.answer("1").path("error");
      assertEquals("UNAUTHORIZED", error.path("code").asText());
      assertEquals("AUTH_TOKEN_MISSING", error.path("details").path("code").asText());
    }
  }

  @Test
  void onlyTheTwoPathsOfTheProtocolAreSockets() {
    for (String path : List.of("/v1/agents", "/ws/", "/wss", "/%2e%2e/ws", "/metrics")) {
      try (RawSocket stranger = RawSocket.dial(HUB.port(), 0)) {
        String status = stranger.upgrade(path, "127.0.0.1:" + HUB.port(), java.util.Map.of());
        assertEquals("HTTP/1.1 404 Not Found", status, path);
      }
    }
    try (RawSocket root = RawSocket.dial(HUB.port(), 0)) {
      String status = root.upgrade("/", "127.0.0.1:" + HUB.port(), java.util.Map.of());
      assertTrue(status.contains("101"), status);
      root.hello(HUB.signUp().key());
    }
  }

  @Test
  void whoConnectsAndNeverAsksForAnythingIsHungUpOn() {
    try (RawSocket silent = RawSocket.dial(HUB.port(), 0)) {
      assertEquals("", silent.readToEnd());
    }
    try (RawSocket halfway = RawSocket.dial(HUB.port(), 0)) {
      halfway.write(
          "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow:".getBytes(StandardCharsets.US_ASCII));
      assertEquals("", halfway.readToEnd());
    }
    try (RawSocket halfABody = RawSocket.dial(HUB.port(), 0)) {
      halfABody.write(
          "POST /v1/signup HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
              .getBytes(StandardCharsets.US_ASCII));
      halfABody.readToEnd();
    }
  }
}
