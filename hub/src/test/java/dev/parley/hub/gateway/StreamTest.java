package dev.parley.hub.gateway;

import static dev.parley.hub.gateway.StreamPeers.assertChunk;
import static dev.parley.hub.gateway.StreamPeers.chunk;
import static dev.parley.hub.gateway.StreamPeers.codeOf;
import static dev.parley.hub.gateway.StreamPeers.credit;
import static dev.parley.hub.gateway.StreamPeers.reply;
import static dev.parley.hub.gateway.StreamPeers.resume;
import static dev.parley.hub.gateway.StreamPeers.stream;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A caller of a streamed reply says how much it takes, loses its socket, and goes on. */
class StreamTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

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

  private String begin(String messageId, int credit) {
    return caller.send("agent.call", stream(tenant.agent("teller"), messageId, credit));
  }

  private static String idOf(JsonNode delivery) {
    return delivery.path("id").asText();
  }

  /** The caller's socket is cut; answers another one of the same key. */
  private Peer reconnected() {
    caller.close();
    caller.closed();
    return HUB.connect(tenant.key());
  }

  @Test
  void anAgentHearsHowManyChunksItsCallerTakes() {
    String request = begin("m-1", 2);
    JsonNode delivery = agent.delivery();
    assertEquals(2, delivery.at("/params/credit").asInt());
    chunk(agent, idOf(delivery), "a");
    chunk(agent, idOf(delivery), "b");
    assertChunk(caller, request, 0, "a");
    assertChunk(caller, request, 1, "b");
    assertEquals(3, caller.succeed("stream.credit", credit("m-1", 3)).path("outstanding").asInt());
    JsonNode more = agent.event("stream.credit");
    assertEquals(idOf(delivery), more.path("id").asText());
    assertEquals(3, more.path("credit").asInt());
    chunk(agent, idOf(delivery), "c");
    assertChunk(caller, request, 2, "c");
    reply(agent, idOf(delivery), "done");
    assertEquals("done", caller.answer(request).at("/payload/payload").asText());
  }

  @Test
  void chunksWithoutCreditEndTheStreamForBothSides() {
    String request = begin("m-1", 2);
    String delivery = idOf(agent.delivery());
    for (String text : new String[] {"a", "b", "c"}) {
      chunk(agent, delivery, text);
    }
    assertChunk(caller, request, 0, "a");
    assertChunk(caller, request, 1, "b");
    JsonNode answer = caller.answer(request);
    assertEquals("AGENT_FAILED", codeOf(answer));
    assertEquals("stream_credit", answer.at("/error/details/reason").asText());
    JsonNode told = agent.event("agent.cancelled");
    assertEquals(delivery, told.path("id").asText());
    assertEquals("LIMIT_EXCEEDED", told.path("code").asText());
    assertTrue(agent.alive(), "the agent's other messages go on");
  }

  @Test
  void aStreamGoesOnWithoutAGapOrARepeatAfterTheSocketWasLost() {
    String request = begin("m-1", 3);
    String delivery = idOf(agent.delivery());
    chunk(agent, delivery, "a");
    assertChunk(caller, request, 0, "a");
    Peer back = reconnected();
    chunk(agent, delivery, "b");
    chunk(agent, delivery, "c");
    String again = back.send("stream.resume", resume("m-1", 1, 5));
    assertChunk(back, again, 1, "b");
    assertChunk(back, again, 2, "c");
    assertEquals(3, agent.event("stream.credit").path("credit").asInt(), "1 + 5 less the first 3");
    chunk(agent, delivery, "d");
    reply(agent, delivery, "done");
    assertChunk(back, again, 3, "d");
    JsonNode answer = back.answer(again);
    assertEquals("done", answer.at("/payload/payload").asText());
    assertEquals("m-1", answer.at("/payload/messageId").asText());
  }

  @Test
  void theAnswerWaitsForACallerThatIsAwayAndCanBeHadAgain() {
    begin("m-1", 3);
    String delivery = idOf(agent.delivery());
    Peer back = reconnected();
    chunk(agent, delivery, "a");
    reply(agent, delivery, "done");
    for (int times = 0; times < 2; times++) {
      String again = back.send("stream.resume", resume("m-1", 0, 1));
      assertChunk(back, again, 0, "a");
      assertEquals("done", back.answer(again).at("/payload/payload").asText());
    }
    assertEquals(
        "CONFLICT", codeOf(back.ask("agent.call", stream(tenant.agent("teller"), "m-1", 1))));
  }

  @Test
  void aFailureWaitsForACallerThatIsAway() {
    begin("m-1", 3);
    agent.delivery();
    Peer back = reconnected();
    agent.close();
    await()
        .until(
            () -> codeOf(back.ask("stream.resume", resume("m-1", 0, 1))).equals("AGENT_OFFLINE"));
  }

  @Test
  void aSocketThatTheHubTakesForAliveGivesTheStreamUp() {
    String request = begin("m-1", 3);
    String delivery = idOf(agent.delivery());
    Peer other = HUB.connect(tenant.key());
    String again = other.send("stream.resume", resume("m-1", 0, 3));
    JsonNode given = caller.answer(request);
    assertEquals("CONFLICT", codeOf(given));
    assertEquals("resumed", given.at("/error/details/reason").asText());
    chunk(agent, delivery, "a");
    assertChunk(other, again, 0, "a");
    assertTrue(
        other
            .succeed("agent.cancel", Json.object().put("id", again))
            .path("cancelled")
            .asBoolean());
    assertEquals("CANCELLED", agent.event("agent.cancelled").path("code").asText());
  }

  @Test
  void chunksThatWereConfirmedAreForgottenAndTheRestIsKept() {
    String request = begin("m-1", 3);
    String delivery = idOf(agent.delivery());
    for (String text : new String[] {"a", "b", "c"}) {
      chunk(agent, delivery, text);
    }
    assertChunk(caller, request, 0, "a");
    assertChunk(caller, request, 1, "b");
    caller.succeed("stream.credit", credit("m-1", 1).put("next", 2));
    Peer back = reconnected();
    JsonNode lost = back.ask("stream.resume", resume("m-1", 1, 1)).path("error");
    assertEquals("CONFLICT", lost.path("code").asText());
    assertEquals("chunks_lost", lost.at("/details/reason").asText());
    assertEquals(1, lost.at("/details/firstLost").asInt());
    assertEquals(1, lost.at("/details/lastLost").asInt());
    assertEquals(2, lost.at("/details/next").asInt());
    String again = back.send("stream.resume", resume("m-1", 2, 1));
    assertChunk(back, again, 2, "c");
  }

  @Test
  void bothSidesCanCancel() {
    String request = begin("m-1", 1);
    String delivery = idOf(agent.delivery());
    assertTrue(
        caller
            .succeed("agent.cancel", Json.object().put("id", request))
            .path("cancelled")
            .asBoolean());
    JsonNode told = agent.event("agent.cancelled");
    assertEquals(delivery, told.path("id").asText());
    assertEquals("CANCELLED", told.path("code").asText());

    String second = begin("m-2", 1);
    String other = idOf(agent.delivery());
    ObjectNode frame = Json.object().put("type", "res").put("id", other).put("ok", false);
    frame.putObject("error").put("code", "CANCELLED").put("message", "the agent stops here");
    agent.raw(Json.write(frame));
    JsonNode answer = caller.answer(second);
    assertEquals("AGENT_FAILED", codeOf(answer));
    assertEquals("cancelled", answer.at("/error/details/agentCode").asText());
  }

  @Test
  void theDeadlineEndsAStreamWhoseCallerIsAway() {
    caller.send("agent.call", stream(tenant.agent("teller"), "m-1", 1).put("timeoutMs", 700));
    agent.delivery();
    Peer back = reconnected();
    assertEquals("DEADLINE_EXCEEDED", agent.event("agent.cancelled").path("code").asText());
    assertEquals("DEADLINE_EXCEEDED", codeOf(back.ask("stream.resume", resume("m-1", 0, 1))));
  }

  @Test
  void aHostedAgentWaitsForCreditAndLosesNoText() {
    String request =
        caller.send(
            "agent.call", stream(tenant.agent("main"), "m-1", 1).put("payload", "repeat 30 word"));
    StringBuilder text = new StringBuilder();
    JsonNode first = caller.event("agent.chunk");
    text.append(first.at("/payload/text").asText());
    int chunks = 1;
    while (true) {
      caller.send("stream.credit", credit("m-1", 1));
      JsonNode next =
          caller.next(
              f ->
                  f.path("event").asText().equals("agent.chunk")
                      || f.path("id").asText().equals(request));
      if (!next.path("event").asText().equals("agent.chunk")) {
        assertEquals(next.at("/payload/payload/text").asText(), text.toString());
        break;
      }
      assertEquals(chunks++, next.at("/payload/index").asInt());
      text.append(next.at("/payload/payload/text").asText());
    }
    assertTrue(text.length() > 30 * 4, text.toString());
  }

  @Test
  void anAnswerThatIsHadTwiceIsPaidOnce() {
    Member buyer = HUB.signUp();
    ObjectNode listing = Json.object().put("name", "told").put("agent", "teller");
    listing.putObject("price").put("unit", "call").put("millicents", 250);
    HUB.succeed("POST", "/v1/market/listings", tenant.key(), listing);
    ObjectNode install = Json.object().put("listing", tenant.tenant() + "/told");
    install.putObject("maxPrice").put("unit", "call").put("millicents", 250);
    HUB.succeed("POST", "/v1/market/installs", buyer.key(), install);
    Peer lost = HUB.connect(buyer.key());
    lost.send("agent.call", stream("market:" + tenant.tenant() + "/told", "m-1", 1));
    String delivery = idOf(agent.delivery());
    lost.close();
    lost.closed();
    reply(agent, delivery, "done");
    Peer back = HUB.connect(buyer.key());
    for (int times = 0; times < 3; times++) {
      JsonNode answer = back.ask("stream.resume", resume("m-1", 0, 1));
      assertEquals(250, answer.at("/payload/charge/millicents").asInt(), answer.toString());
    }
    await()
        .untilAsserted(
            () ->
                assertEquals(
                    250,
                    HUB.get("/v1/usage", buyer.key())
                        .body()
                        .at("/days/0/total/spentMillicents")
                        .asLong()));
  }

  @Test
  void creditForAStreamThatHasEndedIsAConflict() {
    String request = begin("m-1", 1);
    reply(agent, idOf(agent.delivery()), "done");
    caller.answer(request);
    JsonNode error = caller.ask("stream.credit", credit("m-1", 1)).path("error");
    assertEquals("CONFLICT", error.path("code").asText());
    assertEquals("ended", error.at("/details/reason").asText());
  }

  @Test
  void aStreamWithoutCreditIsAsBefore() {
    String request =
        caller.send(
            "agent.call",
            Json.object()
                .put("to", tenant.agent("teller"))
                .put("messageId", "m-1")
                .put("stream", true));
    JsonNode delivery = agent.delivery();
    assertFalse(delivery.path("params").has("credit"));
    chunk(agent, idOf(delivery), "a");
    assertChunk(caller, request, 0, "a");
    assertEquals("NOT_FOUND", codeOf(caller.ask("stream.credit", credit("m-1", 1))));
    caller.close();
    assertEquals("CANCELLED", agent.event("agent.cancelled").path("code").asText());
  }
}
