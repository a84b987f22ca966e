package dev.parley.hub.cluster;

import static dev.parley.hub.gateway.StreamPeers.assertChunk;
import static dev.parley.hub.gateway.StreamPeers.chunk;
import static dev.parley.hub.gateway.StreamPeers.codeOf;
import static dev.parley.hub.gateway.StreamPeers.credit;
import static dev.parley.hub.gateway.StreamPeers.reply;
import static dev.parley.hub.gateway.StreamPeers.resume;
import static dev.parley.hub.gateway.StreamPeers.stream;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.NodeProcess;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import io.vertx.core.http.WebSocketClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A streamed reply whose caller and agent are on different nodes. */
class StreamClusterTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  @TempDir static Path directory;

  private static TestCluster cluster;
  private static HubExtension first;
  private static NodeProcess second;
  private static WebSocketClient sockets;

  private Member tenant;
  private Peer caller;
  private Peer agent;

  @BeforeAll
  static void startNodes() throws IOException {
    cluster = TestCluster.start(directory);
    first = cluster.first();
    sockets = cluster.sockets();
    second = cluster.node("second");
    second.port();
  }

  @AfterAll
  static void stopNodes() {
    if (cluster != null) {
      cluster.close();
    }
  }

  /** The agent is on the first node, its caller on the second. */
  @BeforeEach
  void onTwoNodes() {
    tenant = first.unmetered(first.signUp());
    first.defineRemote(tenant, "teller");
    agent = first.connectAgent(tenant.key(), "teller");
    caller = second.connect(sockets, tenant.key());
    await()
        .atMost(LONGEST)
        .until(
            () ->
                codeOf(
                        caller.ask(
                            "agent.call",
                            Json.object().put("to", tenant.agent("teller")).put("timeoutMs", 300)))
                    .equals("DEADLINE_EXCEEDED"));
    agent.drain();
  }

  private String begin(int credit) {
    return caller.send("agent.call", stream(tenant.agent("teller"), "m-1", credit));
  }

  @Test
  void creditCrossesNodesAndAStreamGoesOnAfterItsCallerCameBack() {
    String request = begin(2);
    JsonNode delivery = agent.delivery();
    String id = delivery.path("id").asText();
    assertEquals(2, delivery.at("/params/credit").asInt());
    chunk(agent, id, "a");
    assertChunk(caller, request, 0, "a");
    caller.close();
    caller.closed();
    chunk(agent, id, "b");
    try (Peer back = second.connect(sockets, tenant.key())) {
      String again = back.send("stream.resume", resume("m-1", 1, 3));
      assertChunk(back, again, 1, "b");
      assertEquals(2, agent.event("stream.credit").path("credit").asInt());
      chunk(agent, id, "c");
      chunk(agent, id, "d");
      reply(agent, id, "done");
      assertChunk(back, again, 2, "c");
      assertChunk(back, again, 3, "d");
      assertEquals("done", back.answer(again).at("/payload/payload").asText());
      assertEquals(
          "done", back.ask("stream.resume", resume("m-1", 4, 1)).at("/payload/payload").asText());
    }
  }

  @Test
  void anAgentOnAnotherNodeThatIgnoresItsCreditIsStopped() {
    String request = begin(1);
    String id = agent.delivery().path("id").asText();
    chunk(agent, id, "a");
    chunk(agent, id, "b");
    assertChunk(caller, request, 0, "a");
    JsonNode answer = caller.answer(request);
    assertEquals("AGENT_FAILED", codeOf(answer));
    assertEquals("stream_credit", answer.at("/error/details/reason").asText());
    assertEquals("LIMIT_EXCEEDED", agent.event("agent.cancelled").path("code").asText());
  }

  /** Loses the message of this kind that comes after so many others of it. */
  private static LostMessages losing(String kind, int after) {
    return new LostMessages(first.busOfCluster(), kind, after);
  }

  @Test
  void aChunkThatIsLostBetweenNodesFailsTheStreamAndStopsTheAgent() {
    String request = begin(5);
    String id = agent.delivery().path("id").asText();
    try (LostMessages lost = losing("chunk", 1)) {
      for (String text : new String[] {"a", "b", "c"}) {
        chunk(agent, id, text);
      }
      assertChunk(caller, request, 0, "a");
      JsonNode answer = caller.answer(request);
      assertEquals("UNAVAILABLE", codeOf(answer), answer.toString());
      assertEquals("reply_incomplete", answer.at("/error/details/reason").asText());
      assertEquals("UNAVAILABLE", agent.event("agent.cancelled").path("code").asText());
      assertEquals(1, lost.count());
    }
  }

  @Test
  void aStreamWhoseLastChunkIsLostIsNoShorterOne() {
    String request = begin(5);
    String id = agent.delivery().path("id").asText();
    try (LostMessages lost = losing("chunk", 1)) {
      chunk(agent, id, "a");
      chunk(agent, id, "b");
      reply(agent, id, "done");
      JsonNode answer = caller.answer(request);
      assertEquals("UNAVAILABLE", codeOf(answer), answer.toString());
      assertEquals(1, lost.count());
    }
  }

  @Test
  void creditThatIsLostBetweenNodesComesLater() {
    String request = begin(1);
    String id = agent.delivery().path("id").asText();
    try (LostMessages lost = losing("credit", 0)) {
      chunk(agent, id, "a");
      assertChunk(caller, request, 0, "a");
      caller.succeed("stream.credit", credit("m-1", 2));
      assertEquals(2, agent.event("stream.credit").path("credit").asInt());
      assertEquals(1, lost.count());
    }
    caller.succeed("stream.credit", credit("m-1", 1));
    assertEquals(1, agent.event("stream.credit").path("credit").asInt());
    reply(agent, id, "done");
    assertEquals("done", caller.answer(request).at("/payload/payload").asText());
  }

  @Test
  void presenceIsTheSameOnEveryNode() {
    for (Peer from : new Peer[] {caller, first.connect(tenant.key())}) {
      await().until(() -> presence(from, "teller").equals("idle"));
      assertEquals("idle", presence(from, "main"));
    }
    begin(1);
    String id = agent.delivery().path("id").asText();
    for (Peer from : new Peer[] {caller, first.connect(tenant.key())}) {
      assertEquals("online", presence(from, "teller"));
    }
    reply(agent, id, "done");
    agent.close();
    await().atMost(LONGEST).until(() -> presence(caller, "teller").equals("offline"));
  }

  private String presence(Peer from, String of) {
    return from.succeed("presence.get", Json.object().put("agent", tenant.agent(of)))
        .path("state")
        .asText();
  }

  @Test
  void cancellingCrossesNodes() {
    String request = begin(1);
    agent.delivery();
    caller.succeed("stream.credit", credit("m-1", 1));
    caller.send("agent.cancel", Json.object().put("id", request));
    assertEquals("CANCELLED", codeOf(caller.answer(request)));
    assertEquals("CANCELLED", agent.event("agent.cancelled").path("code").asText());
  }

  @Test
  void aHostedAgentOnEitherNodeWaitsForCredit() {
    for (Peer from : new Peer[] {caller, first.connect(tenant.key())}) {
      String id = "m-" + from.connId();
      String request =
          from.send(
              "agent.call", stream(tenant.agent("main"), id, 1).put("payload", "repeat 5 word"));
      assertEquals(0, from.event("agent.chunk").path("index").asInt());
      from.succeed("stream.credit", credit(id, 10));
      String text = from.answer(request).at("/payload/payload/text").asText();
      assertEquals("word word word word word", text);
    }
  }
}
