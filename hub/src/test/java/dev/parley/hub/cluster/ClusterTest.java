package dev.parley.hub.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.NodeProcess;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import io.vertx.core.http.WebSocketClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes on one Redis: one in this JVM, two in JVMs of their own. */
class ClusterTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  @TempDir static Path directory;

  private static TestCluster cluster;
  private static HubExtension first;
  private static NodeProcess second;
  private static NodeProcess third;
  private static WebSocketClient sockets;

  @BeforeAll
  static void startNodes() throws IOException {
    cluster = TestCluster.start(directory);
    first = cluster.first();
    sockets = cluster.sockets();
    second = cluster.node("second");
    third = cluster.node("third");
    second.port();
    third.port();
  }

  @AfterAll
  static void stopNodes() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static ObjectNode call(String to) {
    return Json.object().put("to", to).put("payload", "ping").put("timeoutMs", 20_000);
  }

  /** Calls until the agent takes a message, which it lets pass; then it is reachable from there. */
  private static void reachable(Peer caller, Peer agent, String address) {
    await()
        .atMost(LONGEST)
        .until(
            () ->
                codeOf(caller.ask("agent.call", call(address).put("timeoutMs", 300)))
                    .equals("DEADLINE_EXCEEDED"));
    agent.drain();
  }

  private static String codeOf(JsonNode answer) {
    return answer.at("/error/code").asText();
  }

  private static void chunk(Peer agent, String delivery, String text) {
    ObjectNode frame = Json.object().put("type", "event").put("event", "agent.chunk");
    frame.putObject("payload").put("id", delivery).put("payload", text);
    agent.raw(Json.write(frame));
  }

  private static void reply(Peer agent, String delivery, String text) {
    agent.raw(
        Json.write(
            Json.object()
                .put("type", "res")
                .put("id", delivery)
                .put("ok", true)
                .put("payload", text)));
  }

  private static void streams(Peer caller, Peer agent, String address) {
    String request = caller.send("agent.call", call(address).put("stream", true));
    JsonNode delivery = agent.delivery();
    assertEquals(address, delivery.at("/params/to").asText());
    assertEquals("ping", delivery.at("/params/payload").asText());
    String id = delivery.path("id").asText();
    chunk(agent, id, "one");
    chunk(agent, id, "two");
    reply(agent, id, "done");
    assertEquals("one", caller.event("agent.chunk").path("payload").asText());
    assertEquals("two", caller.event("agent.chunk").path("payload").asText());
    JsonNode answer = caller.answer(request);
    assertEquals("done", answer.at("/payload/payload").asText(), answer.toString());
  }

  @Test
  void callsCrossNodesBothWaysWithStreams() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "here");
    first.defineRemote(owner, "there");
    try (Peer here = first.connectAgent(owner.key(), "here");
        Peer there = second.connectAgent(sockets, owner.key(), "there");
        Peer onFirst = first.connect(owner.key());
        Peer onThird = third.connect(sockets, owner.key())) {
      reachable(onFirst, there, owner.agent("there"));
      reachable(onThird, here, owner.agent("here"));
      reachable(onThird, there, owner.agent("there"));
      streams(onFirst, there, owner.agent("there"));
      streams(onThird, here, owner.agent("here"));
      streams(onThird, there, owner.agent("there"));
    }
  }

  @Test
  void twoAgentsOnTwoNodesThatSayTheSameToEachOtherAreStoppedAndEveryNodeKnows() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "ping");
    first.defineRemote(owner, "pong");
    String[] addresses = {owner.agent("ping"), owner.agent("pong")};
    try (Peer ping = first.connectAgent(owner.key(), "ping");
        Peer pong = second.connectAgent(sockets, owner.key(), "pong");
        Peer onFirst = first.connect(owner.key());
        Peer onSecond = second.connect(sockets, owner.key());
        Peer onThird = third.connect(sockets, owner.key())) {
      reachable(onFirst, pong, addresses[1]);
      reachable(onSecond, ping, addresses[0]);
      Peer[] agents = {ping, pong};
      int passed = 0;
      while (answered(agents[passed % 2], agents[1 - passed % 2], addresses[1 - passed % 2])) {
        assertTrue(++passed <= 18, "passed " + passed);
      }
      JsonNode told = onThird.event("loop.tripped").path("loop");
      assertEquals(addresses[passed % 2], told.path("from").asText());
      for (Peer person : new Peer[] {onFirst, onSecond, onThird}) {
        JsonNode loops = person.succeed("loop.list", Json.object()).path("loops");
        assertEquals(addresses[passed % 2], loops.at("/0/from").asText(), loops.toString());
      }
    }
  }

  /** One agent calls another, which answers; false when the hub has stopped the call. */
  private static boolean answered(Peer from, Peer to, String address) {
    String request = from.send("agent.call", call(address));
    AtomicReference<JsonNode> answer = new AtomicReference<>();
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(LONGEST)
        .until(
            () -> {
              for (JsonNode frame : to.drain()) {
                if (frame.path("method").asText().equals("agent.deliver")) {
                  reply(to, frame.path("id").asText(), "ok");
                }
              }
              for (JsonNode frame : from.drain()) {
                if (frame.path("id").asText().equals(request)) {
                  answer.set(frame);
                }
              }
              return answer.get() != null;
            });
    String code = codeOf(answer.get());
    assertTrue(code.isEmpty() || code.equals("LOOP_DETECTED"), answer.get().toString());
    return code.isEmpty();
  }

  @Test
  void anErrorOfTheAgentCrossesAsItIs() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    try (Peer agent = second.connectAgent(sockets, owner.key(), "worker");
        Peer caller = first.connect(owner.key())) {
      reachable(caller, agent, owner.agent("worker"));
      String request = caller.send("agent.call", call(owner.agent("worker")));
      ObjectNode failure =
          Json.object()
              .put("type", "res")
              .put("id", agent.delivery().path("id").asText())
              .put("ok", false);
      failure.putObject("error").put("code", "INTERNAL").put("message", "no paper");
      agent.raw(Json.write(failure));
      JsonNode answer = caller.answer(request);
      assertEquals("AGENT_FAILED", codeOf(answer));
      assertTrue(answer.at("/error/message").asText().contains("no paper"), answer.toString());
    }
  }

  @Test
  void cancellingStopsTheAgentOnTheOtherNode() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    try (Peer agent = second.connectAgent(sockets, owner.key(), "worker");
        Peer caller = first.connect(owner.key())) {
      reachable(caller, agent, owner.agent("worker"));
      String request = caller.send("agent.call", call(owner.agent("worker")));
      String delivery = agent.delivery().path("id").asText();
      caller.send("agent.cancel", Json.object().put("id", request));
      assertEquals(delivery, agent.event("agent.cancelled").path("id").asText());
    }
  }

  @Test
  void theDeadlineStopsTheAgentOnTheOtherNode() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    try (Peer agent = second.connectAgent(sockets, owner.key(), "worker");
        Peer caller = first.connect(owner.key())) {
      reachable(caller, agent, owner.agent("worker"));
      String request =
          caller.send("agent.call", call(owner.agent("worker")).put("timeoutMs", 1_000));
      String delivery = agent.delivery().path("id").asText();
      assertEquals("DEADLINE_EXCEEDED", codeOf(caller.answer(request)));
      assertEquals(delivery, agent.event("agent.cancelled").path("id").asText());
    }
  }

  @Test
  void aRevokedChannelEndsACallThatCrossesWithinASecond() {
    Member owner = first.unmetered(first.signUp());
    Member stranger = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    JsonNode channel = first.openChannel(stranger, owner, "worker", Json.object());
    try (Peer agent = second.connectAgent(sockets, owner.key(), "worker");
        Peer caller = first.connect(stranger.key());
        Peer revoker = third.connect(sockets, owner.key())) {
      reachable(caller, agent, owner.agent("worker"));
      String request = caller.send("agent.call", call(owner.agent("worker")));
      String delivery = agent.delivery().path("id").asText();
      long start = System.nanoTime();
      revoker.succeed("channel.revoke", Json.object().put("id", channel.path("id").asText()));
      assertEquals("CANCELLED", codeOf(caller.answer(request)));
      assertEquals(delivery, agent.event("agent.cancelled").path("id").asText());
      assertTrue(Duration.ofNanos(System.nanoTime() - start).toMillis() < 1_000);
    }
  }

  @Test
  void aRevokedKeyClosesItsSocketOnAnotherNodeWithinASecond() {
    Member owner = first.signUp();
    JsonNode key = first.newKey(owner, Json.object().put("role", "member"));
    try (Peer away = second.connect(sockets, key.path("secret").asText());
        Peer revoker = first.connect(owner.key())) {
      assertTrue(away.alive());
      long start = System.nanoTime();
      revoker.succeed("keys.revoke", Json.object().put("id", key.at("/key/id").asText()));
      away.closed();
      assertTrue(Duration.ofNanos(System.nanoTime() - start).toMillis() < 1_000);
    }
  }

  @Test
  void aHostedAgentAnswersOnEveryNodeAndItsTenantPaysForEachAnswerOnce() {
    Member owner = first.signUp();
    long charged = 0;
    try (Peer onFirst = first.connect(owner.key());
        Peer onSecond = second.connect(sockets, owner.key());
        Peer onThird = third.connect(sockets, owner.key())) {
      for (Peer caller : new Peer[] {onFirst, onSecond, onThird}) {
        JsonNode answer =
            caller.ask("agent.call", call(owner.agent("main")).put("payload", "repeat 3 x"));
        assertEquals("x x x", answer.at("/payload/payload/text").asText(), answer.toString());
        long tokens = answer.at("/payload/charge/tokens").asLong();
        assertTrue(tokens > 0, answer.toString());
        charged += tokens;
      }
    }
    JsonNode total = first.get("/v1/usage", owner.key()).body().at("/days/0/total");
    assertEquals(charged, total.path("inputTokens").asLong() + total.path("outputTokens").asLong());
  }

  @Test
  void aHostedAgentsBudgetHoldsOnEveryNode() {
    Member owner = first.signUp();
    first.succeed(
        "PATCH",
        "/v1/admin/tenants/" + owner.tenant(),
        first.adminKey(),
        Json.object().set("limits", Json.object().put("tokensPerDay", 10)));
    try (Peer onFirst = first.connect(owner.key());
        Peer onSecond = second.connect(sockets, owner.key());
        Peer onThird = third.connect(sockets, owner.key())) {
      for (Peer caller : new Peer[] {onFirst, onSecond, onThird}) {
        JsonNode answer = caller.ask("agent.call", call(owner.agent("main")));
        assertEquals("BUDGET_EXCEEDED", codeOf(answer), answer.toString());
        assertEquals("tokens_per_day", answer.at("/error/details/limit").asText());
      }
    }
  }

  @Test
  void aChatWithAHostedAgentIsAnsweredOnEveryNode() {
    Member owner = first.signUp();
    try (Peer onFirst = first.connect(owner.key());
        Peer onSecond = second.connect(sockets, owner.key());
        Peer onThird = third.connect(sockets, owner.key())) {
      int run = 0;
      for (Peer caller : new Peer[] {onFirst, onSecond, onThird}) {
        String runId = "run-" + ++run;
        caller.succeed(
            "chat.send",
            Json.object()
                .put("sessionKey", "main")
                .put("message", "repeat 3 x")
                .put("idempotencyKey", runId));
        JsonNode end =
            caller.next(
                frame ->
                    frame.at("/payload/state").asText().equals("final")
                        && frame.at("/payload/runId").asText().equals(runId));
        assertEquals("x x x", end.at("/payload/message/content/0/text").asText());
      }
    }
  }

  @Test
  void callersOfAKilledNodeHearAtOnceAndTheAgentWorksAgainElsewhere() throws IOException {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    NodeProcess doomed = cluster.node("doomed");
    try (Peer agent = doomed.connectAgent(sockets, owner.key(), "worker");
        Peer caller = first.connect(owner.key())) {
      reachable(caller, agent, owner.agent("worker"));
      String request = caller.send("agent.call", call(owner.agent("worker")));
      agent.delivery();
      long start = System.nanoTime();
      doomed.kill();
      JsonNode error = caller.answer(request).path("error");
      assertEquals("AGENT_OFFLINE", error.path("code").asText(), error.toString());
      assertTrue(error.path("retryable").asBoolean());
      assertTrue(Duration.ofNanos(System.nanoTime() - start).toMillis() < 10_000);
      try (Peer again = third.connectAgent(sockets, owner.key(), "worker")) {
        reachable(caller, again, owner.agent("worker"));
        streams(caller, again, owner.agent("worker"));
      }
    } finally {
      doomed.close();
    }
  }

  @Test
  void aNodeThatJoinsReachesTheAgentsThatAreThere() throws IOException {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    try (Peer agent = second.connectAgent(sockets, owner.key(), "worker");
        NodeProcess late = cluster.node("late");
        Peer caller = late.connect(sockets, owner.key())) {
      reachable(caller, agent, owner.agent("worker"));
      streams(caller, agent, owner.agent("worker"));
    }
  }

  @Test
  void aHubWithAnotherSecretCannotJoin() throws IOException {
    Path wrong =
        Files.writeString(directory.resolve("wrong"), TestCluster.SECRET.replace('5', '6'));
    try (NodeProcess stranger = cluster.node("stranger", "cluster-secret-file", wrong.toString())) {
      String end = stranger.end();
      assertTrue(end.contains("refused: the cluster member " + cluster.address()), end);
    }
  }
}
