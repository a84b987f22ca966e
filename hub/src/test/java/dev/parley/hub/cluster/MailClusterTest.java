package dev.parley.hub.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mail in a cluster: one node in this JVM, others in JVMs of their own. Places are where Hazelcast
 * puts them, so each test has so many agents that every node is the place of some.
 */
class MailClusterTest {
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final int AGENTS = 16;

  @TempDir static Path directory;

  private static TestCluster cluster;
  private static HubExtension first;
  private static NodeProcess second;
  private static WebSocketClient sockets;

  private final Member owner = first.unmetered(first.signUp());
  private final List<String> agents = agents();

  @BeforeAll
  static void startNodes() throws IOException {
    cluster = TestCluster.start(directory, "mail-back-off-ms", "50");
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

  private List<String> agents() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < AGENTS; i++) {
      names.add("w" + i);
      first.defineRemote(owner, "w" + i);
    }
    return names;
  }

  @Test
  void isAcceptedByAnyNodeAndBroughtToTheAgentOnAnotherInOrderWithReceipts() {
    try (Peer sender = first.connect(owner.key())) {
      for (String agent : agents) {
        for (int i = 0; i < 4; i++) {
          sender.succeed("agent.send", message(agent, i).put("conversation", "c"));
        }
      }
      for (String agent : agents) {
        try (Peer worker = second.connectAgent(sockets, owner.key(), agent)) {
          for (int i = 0; i < 4; i++) {
            JsonNode delivery = worker.delivery();
            assertEquals(agent + "-" + i, id(delivery));
            worker.raw(ok(delivery));
          }
          awaitStatus(agent + "-3", "handled");
        }
        sender.next(
            frame ->
                frame.at("/payload/messageId").asText().equals(agent + "-3")
                    && frame.at("/payload/status").asText().equals("handled"));
      }
    }
  }

  @Test
  void anAgentOnAnotherNodeThanItsPlaceGetsNoMoreAtOnceThanItsWindow() {
    for (String agent : agents) {
      for (int i = 0; i < 5; i++) {
        send(agent, i, "c" + i);
      }
    }
    for (String agent : agents) {
      ObjectNode connect = Peer.connectParams(owner.key()).put("role", "agent").put("agent", agent);
      try (Peer worker = second.open(sockets)) {
        worker.hello(connect.put("window", 2));
        List<JsonNode> held = List.of(worker.delivery(), worker.delivery());
        assertTrue(worker.alive());
        assertEquals(0, deliveries(worker).size(), "more than the window of " + agent);
        held.forEach(delivery -> worker.raw(ok(delivery)));
        for (int i = 0; i < 3; i++) {
          worker.raw(ok(worker.delivery()));
        }
        for (int i = 0; i < 5; i++) {
          awaitStatus(agent + "-" + i, "handled");
        }
      }
    }
  }

  @Test
  void aRefusalForGoodCrossesNodesAndTheOwnerHearsOfTheDeadLetterOnAnyOfThem() {
    try (Peer watcher = second.connect(sockets, owner.key())) {
      for (String agent : agents.subList(0, 6)) {
        send(agent, 0, "c");
        try (Peer worker = second.connectAgent(sockets, owner.key(), agent)) {
          worker.raw(refusal(worker.delivery()));
          JsonNode letter = watcher.event("deadletter.arrived");
          assertEquals(agent + "-0", letter.path("messageId").asText());
          assertEquals(1, letter.path("attempts").asInt());
        }
      }
    }
  }

  private static String refusal(JsonNode delivery) {
    return ("{\"type\":\"res\",\"id\":\"%s\",\"ok\":false,\"error\":{"
            + "\"code\":\"INVALID_REQUEST\",\"message\":\"no\",\"retryable\":false}}")
        .formatted(delivery.path("id").asText());
  }

  @Test
  void isNotLostAndStaysInOrderWhenTheNodeThatServesItIsKilled() throws IOException {
    NodeProcess doomed = cluster.node("doomed");
    Map<String, Peer> workers = new LinkedHashMap<>();
    try {
      doomed.port();
      agents.forEach(agent -> workers.put(agent, second.connectAgent(sockets, owner.key(), agent)));
      for (String agent : agents) {
        for (int i = 0; i < 6; i++) {
          send(agent, i, "c");
        }
      }
      Map<String, Integer> next = new HashMap<>();
      for (String agent : agents) {
        JsonNode delivery = workers.get(agent).delivery();
        assertEquals(agent + "-0", id(delivery));
        workers.get(agent).raw(ok(delivery));
        awaitStatus(agent + "-0", "handled");
        next.put(agent, 1);
      }
      doomed.kill();
      int again = 0;
      for (String agent : agents) {
        while (next.get(agent) < 6) {
          JsonNode delivery = workers.get(agent).delivery();
          String got = id(delivery);
          if (got.equals(agent + "-" + (next.get(agent) - 1))) {
            again++;
          } else {
            assertEquals(agent + "-" + next.get(agent), got, "out of order");
            next.merge(agent, 1, Integer::sum);
          }
          workers.get(agent).raw(ok(delivery));
        }
        for (int i = 0; i < 6; i++) {
          awaitStatus(agent + "-" + i, "handled");
        }
      }
      assertTrue(again > 0, "the killed node was the place of none of the agents");
    } finally {
      workers.values().forEach(Peer::close);
      doomed.close();
    }
  }

  @Test
  void aStoppedNodeThatGoesOnHasNoSayInMailThatWasTakenOver() throws IOException {
    NodeProcess paused = cluster.node("paused");
    Map<String, Peer> workers = new LinkedHashMap<>();
    try {
      paused.port();
      agents.forEach(agent -> workers.put(agent, second.connectAgent(sockets, owner.key(), agent)));
      agents.forEach(agent -> send(agent, 0, "c"));
      Map<String, JsonNode> given = new LinkedHashMap<>();
      workers.forEach((agent, worker) -> given.put(agent, worker.delivery()));
      agents.forEach(agent -> awaitStatus(agent + "-0", "delivered"));
      paused.signal("STOP");
      workers.forEach((agent, worker) -> worker.raw(ok(given.get(agent))));
      Map<String, JsonNode> again = new LinkedHashMap<>();
      for (String agent : agents) {
        await()
            .atMost(LONGEST)
            .until(
                () -> {
                  deliveries(workers.get(agent)).forEach(frame -> again.put(agent, frame));
                  return again.containsKey(agent) || status(agent + "-0").equals("handled");
                });
      }
      assertFalse(again.isEmpty(), "the stopped node was the place of none of the agents");
      again.keySet().forEach(agent -> awaitStatus(agent + "-0", "delivered"));

      paused.signal("CONT");
      String elsewhere = agents.stream().filter(agent -> !again.containsKey(agent)).findAny().get();
      try (Peer back = paused.connect(sockets, owner.key())) {
        await()
            .atMost(LONGEST)
            .until(
                () -> {
                  back.send("agent.call", call(elsewhere));
                  return workers.get(elsewhere).alive()
                      && !deliveries(workers.get(elsewhere)).isEmpty();
                });
      }
      again.forEach(
          (agent, delivery) -> {
            assertEquals("delivered", status(agent + "-0"), "the stopped node has ended " + agent);
            assertTrue(workers.get(agent).alive());
            assertEquals(0, deliveries(workers.get(agent)).size(), agent + " got it a third time");
            workers.get(agent).raw(ok(delivery));
          });
      again.keySet().forEach(agent -> awaitStatus(agent + "-0", "handled"));
      again.keySet().forEach(agent -> assertEquals(2, get(agent + "-0").path("attempts").asInt()));
    } finally {
      workers.values().forEach(Peer::close);
      paused.close();
    }
  }

  private ObjectNode message(String agent, int number) {
    return Json.object()
        .put("to", owner.agent(agent))
        .put("messageId", agent + "-" + number)
        .put("payload", number);
  }

  private ObjectNode call(String agent) {
    return Json.object().put("to", owner.agent(agent)).put("payload", "ping").put("timeoutMs", 500);
  }

  private void send(String agent, int number, String conversation) {
    first.succeed(
        "POST",
        "/v1/messages",
        owner.key(),
        message(agent, number).put("conversation", conversation));
  }

  private JsonNode get(String id) {
    return first.get("/v1/messages/" + id, owner.key()).body();
  }

  private String status(String id) {
    return get(id).path("status").asText();
  }

  private void awaitStatus(String id, String status) {
    await().atMost(LONGEST).until(() -> status(id), status::equals);
  }

  private static String id(JsonNode delivery) {
    return delivery.at("/params/id").asText();
  }

  private static List<JsonNode> deliveries(Peer peer) {
    return peer.drain().stream()
        .filter(frame -> frame.path("method").asText().equals("agent.deliver"))
        .toList();
  }

  private static String ok(JsonNode delivery) {
    return "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
        .formatted(delivery.path("id").asText());
  }
}
