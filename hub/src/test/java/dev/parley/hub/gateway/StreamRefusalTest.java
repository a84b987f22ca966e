package dev.parley.hub.gateway;

import static dev.parley.hub.gateway.StreamPeers.chunk;
import static dev.parley.hub.gateway.StreamPeers.codeOf;
import static dev.parley.hub.gateway.StreamPeers.credit;
import static dev.parley.hub.gateway.StreamPeers.reply;
import static dev.parley.hub.gateway.StreamPeers.resume;
import static dev.parley.hub.gateway.StreamPeers.stream;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no credit, who may not have a stream, and what is kept no longer. */
class StreamRefusalTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "stream-resume-ms", "600", "stream-buffer-bytes", "1000", "stream-buffers-bytes", "8000");

  private Member tenant;
  private Peer caller;
  private Peer agent;

  @BeforeEach
  void anAgentAndItsCaller() {
    tenant = HUB.signUp();
    HUB.defineRemote(tenant, "teller");
    agent = HUB.connectAgent(tenant.key(), "teller");
    caller = HUB.connect(tenant.key());
  }

  @AfterEach
  void leave() {
    caller.close();
    agent.close();
  }

  private String begin(String messageId, int credit) {
    return caller.send("agent.call", stream(tenant.agent("teller"), messageId, credit));
  }

  /** The streams of the tests before have been forgotten. */
  private static void nothingIsKept() {
    await().until(() -> HUB.metric("parley_streams_kept_bytes") == 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "0",
        "65537",
        "1.5",
        "9223372036854775808",
        "1e30",
        "\"1\"",
        "null",
        "[]",
        "true"
      })
  void whatIsNoCreditIsRefusedWhereverItIsGiven(String number) {
    begin("m-1", 1);
    agent.delivery();
    Map<String, String> requests =
        Map.of(
            "agent.call",
            "{\"to\":\"%s\",\"stream\":true,\"credit\":%s}",
            "stream.credit",
            "{\"messageId\":\"m-1\",\"credit\":%2$s}",
            "stream.resume",
            "{\"messageId\":\"m-1\",\"next\":0,\"credit\":%2$s}");
    requests.forEach(
        (method, params) -> {
          caller.raw(
              "{\"type\":\"req\",\"id\":\"x\",\"method\":\"%s\",\"params\":%s}"
                  .formatted(method, params.formatted(tenant.agent("teller"), number)));
          JsonNode error = caller.answer("x").path("error");
          assertEquals("INVALID_REQUEST", error.path("code").asText(), method + error);
          assertEquals("credit", error.at("/details/field").asText(), method + error);
        });
    assertEquals(2, caller.succeed("stream.credit", credit("m-1", 1)).path("outstanding").asInt());
  }

  @Test
  void creditThatAddsUpToTooMuchIsRefusedAndTheRestStays() {
    begin("m-1", 65_536);
    agent.delivery();
    JsonNode error = caller.ask("stream.credit", credit("m-1", 1)).path("error");
    assertEquals("LIMIT_EXCEEDED", error.path("code").asText());
    assertEquals("stream_credit", error.at("/details/limit").asText());
    assertEquals(65_536, error.at("/details/max").asInt());
  }

  @Test
  void creditOfACallThatIsNoStreamIsRefused() {
    JsonNode error =
        caller
            .ask("agent.call", Json.object().put("to", tenant.agent("teller")).put("credit", 1))
            .path("error");
    assertEquals("INVALID_REQUEST", error.path("code").asText());
    assertEquals("credit", error.at("/details/field").asText());
  }

  @Test
  void chunksThatNeverCameCannotBeConfirmed() {
    begin("m-1", 1);
    agent.delivery();
    for (String method : new String[] {"stream.credit", "stream.resume"}) {
      JsonNode error = caller.ask(method, resume("m-1", 1, 1)).path("error");
      assertEquals("INVALID_REQUEST", error.path("code").asText());
      assertEquals("next", error.at("/details/field").asText());
    }
  }

  @Test
  void aStreamIsNobodysButItsKeys() {
    begin("m-1", 1);
    agent.delivery();
    Member stranger = HUB.signUp();
    String colleague = HUB.newKey(tenant, "owner");
    for (String key : new String[] {stranger.key(), colleague}) {
      try (Peer thief = HUB.connect(key)) {
        assertEquals(
            thief
                .ask("stream.resume", resume("m-0", 0, 1))
                .path("error")
                .toString()
                .replace("m-0", "m-1"),
            thief.ask("stream.resume", resume("m-1", 0, 1)).path("error").toString());
        assertEquals("NOT_FOUND", codeOf(thief.ask("stream.resume", resume("m-1", 0, 1))));
        assertEquals("NOT_FOUND", codeOf(thief.ask("stream.credit", credit("m-1", 1))));
      }
    }
    assertEquals(2, caller.succeed("stream.credit", credit("m-1", 1)).path("outstanding").asInt());
  }

  @Test
  void aKeyThatMayNotCallMayNotResume() {
    try (Peer viewer = HUB.connect(HUB.newKey(tenant, "viewer"))) {
      assertEquals("FORBIDDEN", codeOf(viewer.ask("stream.resume", resume("m-1", 0, 1))));
      assertEquals("FORBIDDEN", codeOf(viewer.ask("stream.credit", credit("m-1", 1))));
    }
    assertEquals("INVALID_REQUEST", codeOf(agent.ask("stream.resume", resume("m-1", 0, 1))));
    for (String method : new String[] {"stream.resume", "stream.credit"}) {
      try (Peer nobody = HUB.open()) {
        nobody.send(method, resume("m-1", 0, 1));
        assertEquals(1008, nobody.closed().code());
      }
    }
  }

  @Test
  void aRevokedKeyEndsItsStreams() {
    JsonNode made = HUB.newKey(tenant, Json.object().put("role", "owner"));
    Peer other = HUB.connect(made.path("secret").asText());
    other.send("agent.call", stream(tenant.agent("teller"), "m-2", 1));
    agent.delivery();
    other.close();
    HUB.succeed("DELETE", "/v1/keys/" + made.at("/key/id").asText(), tenant.key(), Json.object());
    assertEquals("CANCELLED", agent.event("agent.cancelled").path("code").asText());
    assertEquals("NOT_FOUND", codeOf(caller.ask("stream.resume", resume("m-2", 0, 1))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"messageId\":\"m-1\"}",
        "{\"messageId\":7,\"next\":0,\"credit\":1}",
        "{\"messageId\":\"a/b\",\"next\":0,\"credit\":1}",
        "{\"messageId\":\"m-1\",\"next\":-1,\"credit\":1}",
        "{\"messageId\":\"m-1\",\"next\":1e300,\"credit\":1}",
        "{\"messageId\":\"m-1\",\"next\":0,\"credit\":1,\"tenant\":\"acme\"}"
      })
  void malformedParamsAreRefused(String params) {
    for (String method : new String[] {"stream.resume", "stream.credit"}) {
      caller.raw(
          "{\"type\":\"req\",\"id\":\"x\",\"method\":\"%s\",\"params\":%s}"
              .formatted(method, params));
      assertEquals("INVALID_REQUEST", codeOf(caller.answer("x")), method);
    }
  }

  @Test
  void anOversizedResumeIsRefused() {
    String messageId = "m".repeat(1 << 20);
    for (String method : new String[] {"stream.resume", "stream.credit"}) {
      assertEquals("PAYLOAD_TOO_LARGE", codeOf(caller.ask(method, resume(messageId, 0, 1))));
    }
  }

  @Test
  void theHubKeepsNoMoreThanItsBoundAndSaysWhatIsLost() {
    nothingIsKept();
    begin("m-1", 10);
    String delivery = agent.delivery().path("id").asText();
    for (int i = 0; i < 8; i++) {
      chunk(agent, delivery, Integer.toString(i).repeat(200));
    }
    for (int i = 0; i < 8; i++) {
      assertEquals(i, caller.event("agent.chunk").path("index").asInt());
    }
    assertTrue(HUB.metric("parley_streams_kept_bytes") <= 1_000);
    JsonNode error = caller.ask("stream.resume", resume("m-1", 0, 1)).path("error");
    assertEquals("chunks_lost", error.at("/details/reason").asText(), error.toString());
    assertEquals(0, error.at("/details/firstLost").asInt());
    int from = error.at("/details/next").asInt();
    assertEquals(from - 1, error.at("/details/lastLost").asInt());
    assertTrue(from > 0 && from < 8, error.toString());
    String again = caller.send("stream.resume", resume("m-1", from, 1));
    assertEquals(from, caller.event("agent.chunk").path("index").asInt());
    reply(agent, delivery, "done");
    assertEquals("done", caller.answer(again).at("/payload/payload").asText());
  }

  @Test
  void oneTenantKeepsNoMoreThanItsShare() {
    nothingIsKept();
    for (int stream = 0; stream < 6; stream++) {
      begin("m-" + stream, 10);
      String delivery = agent.delivery().path("id").asText();
      for (int i = 0; i < 4; i++) {
        chunk(agent, delivery, "x".repeat(150));
      }
      for (int i = 0; i < 4; i++) {
        caller.event("agent.chunk");
      }
      assertTrue(HUB.metric("parley_streams_kept_bytes") <= 2_000);
    }
  }

  @Test
  void aCallerThatStaysAwayEndsItsStreamAndIsToldSo() {
    begin("m-1", 1);
    agent.delivery();
    caller.close();
    caller.closed();
    assertEquals("CANCELLED", agent.event("agent.cancelled").path("code").asText());
    caller = HUB.connect(tenant.key());
    assertEquals("CANCELLED", codeOf(caller.ask("stream.resume", resume("m-1", 0, 1))));
    await()
        .until(() -> codeOf(caller.ask("stream.resume", resume("m-1", 0, 1))).equals("NOT_FOUND"));
    nothingIsKept();
  }
}
