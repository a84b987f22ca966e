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
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chats while nodes join and die; all share one data directory. */
class ChatClusterTest {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  /** Less than what a node that heard nothing would wait for the next renewal. */
  private static final Duration SOON = Duration.ofSeconds(4);

  private static final int TENANTS = 8;
  private static final String LONG = "repeat 2000 x";

  @TempDir Path directory;

  private TestCluster cluster;
  private HubExtension first;

  @BeforeEach
  void startFirst() throws IOException {
    cluster =
        TestCluster.start(
            directory, "data", directory.resolve("data").toString(), "offline-pacing-ms", "500");
    first = cluster.first();
  }

  @AfterEach
  void stopNodes() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static ObjectNode message(String text, String id) {
    return Json.object()
        .put("sessionKey", "main")
        .put("message", text)
        .put("idempotencyKey", id)
        .put("timeoutMs", 120_000);
  }

  private static JsonNode end(Peer person, String runId) {
    return person
        .next(
            frame ->
                frame.path("event").asText().equals("chat")
                    && frame.at("/payload/runId").asText().equals(runId)
                    && !frame.at("/payload/state").asText().equals("delta"))
        .path("payload");
  }

  private static void said(Peer person, String runId) {
    person.next(
        frame ->
            frame.at("/payload/runId").asText().equals(runId)
                && frame.at("/payload/state").asText().equals("delta"));
  }

  private static JsonNode history(Peer person) {
    return person.succeed("chat.history", Json.object().put("sessionKey", "main"));
  }

  @Test
  void aNodeThatJoinsKnowsAtOnceWhereTheSessionsAndAgentsAreThatWereThereBefore()
      throws IOException {
    Map<Member, Peer> people = new LinkedHashMap<>();
    List<Peer> agents = new ArrayList<>();
    for (int i = 0; i < TENANTS; i++) {
      Member owner = first.unmetered(first.signUp());
      people.put(owner, first.connect(owner.key()));
      first.defineRemote(owner, "worker");
      agents.add(first.connectAgent(owner.key(), "worker"));
    }
    NodeProcess late = cluster.node("late");
    late.port();
    awaitPlacesElsewhere(people.keySet(), "main");
    people.forEach((owner, person) -> person.send("chat.send", message("repeat 2 x", "run")));
    int asked = 0;
    for (Member owner : people.keySet()) {
      try (Peer caller = late.connect(cluster.sockets(), owner.key())) {
        ObjectNode call = Json.object().put("to", owner.agent("worker")).put("payload", "ping");
        await()
            .atMost(SOON)
            .until(
                () -> caller.ask("agent.call", call.put("timeoutMs", 500)),
                answer -> answer.at("/error/code").asText().equals("DEADLINE_EXCEEDED"));
        assertEquals("ping", agents.get(asked++).delivery().at("/params/payload").asText());
      }
    }
    people
        .values()
        .forEach(person -> assertEquals("final", end(person, "run").path("state").asText()));
  }

  private void awaitPlacesElsewhere(Iterable<Member> owners, String agent) {
    await()
        .atMost(LONGEST)
        .until(
            () -> {
              for (Member owner : owners) {
                if (!cluster.isPlaceOf(owner.agent(agent))) {
                  return cluster.hasSettled();
                }
              }
              return false;
            });
  }

  /** A tenant whose agent's place is another node than the first. */
  private Member tenantElsewhere() {
    while (true) {
      Member owner = first.unmetered(first.signUp());
      if (!cluster.isPlaceOf(owner.agent("main"))) {
        return owner;
      }
    }
  }

  @Test
  void whoeverFollowsARunHearsThatItFailedWhenItsPlaceIsKilled() throws IOException {
    NodeProcess doomed = cluster.node("doomed");
    doomed.port();
    Member owner = tenantElsewhere();
    try (Peer watcher = first.connect(owner.key());
        Peer asker = first.connect(owner.key());
        Peer waiter = first.connect(owner.key());
        Peer there = doomed.connect(cluster.sockets(), owner.key())) {
      watcher.succeed("chat.send", message(LONG, "followed"));
      String asked =
          asker.send("agent", Json.object().put("message", LONG).put("idempotencyKey", "asked"));
      assertEquals("accepted", asker.answer(asked).at("/payload/status").asText());
      there.succeed("chat.send", message(LONG, "local"));
      said(watcher, "followed");
      ObjectNode patience = Json.object().put("timeoutMs", 60_000);
      String waiting = waiter.send("agent.wait", patience.deepCopy().put("runId", "followed"));
      String local = waiter.send("agent.wait", patience.put("runId", "local"));

      doomed.kill();

      JsonNode told = end(watcher, "followed");
      assertEquals("error", told.path("state").asText(), told.toString());
      assertTrue(told.path("errorMessage").asText().contains("gone"), told.toString());
      Map<String, JsonNode> answers = new LinkedHashMap<>();
      while (answers.size() < 2) {
        JsonNode answer = waiter.answer();
        answers.put(answer.path("id").asText(), answer);
      }
      assertEquals(
          "error", answers.get(waiting).at("/payload/status").asText(), answers.toString());
      assertEquals(
          "UNAVAILABLE", answers.get(local).at("/error/code").asText(), answers.toString());
      JsonNode second = asker.answer(asked).path("payload");
      assertEquals("error", second.path("status").asText(), second.toString());
      await()
          .atMost(LONGEST)
          .until(
              () -> watcher.ask("chat.send", message(LONG, "followed")),
              answer -> answer.at("/payload/status").asText().equals("error"));
      assertFalse(history(watcher).at("/sessionInfo/hasActiveRun").asBoolean());
    }
  }

  @Test
  void aRunThatItsOldPlaceStillFinishesIsNotLostAndIsSeenOnEveryNode() throws IOException {
    String session = "agent:worker:main";
    ObjectNode message = message("work", "run").put("sessionKey", session);
    Map<Member, Peer> people = new LinkedHashMap<>();
    for (int i = 0; i < TENANTS; i++) {
      Member owner = first.unmetered(first.signUp());
      first.defineRemote(owner, "worker");
      Peer agent = first.connectAgent(owner.key(), "worker");
      Peer person = first.connect(owner.key());
      person.succeed("chat.send", message);
      agent.delivery();
      people.put(owner, person);
    }
    NodeProcess second = cluster.node("second");
    second.port();
    awaitPlacesElsewhere(people.keySet(), "worker");
    people.forEach(
        (owner, here) -> {
          try (Peer there = second.connect(cluster.sockets(), owner.key())) {
            for (Peer person : List.of(here, there)) {
              JsonNode again = person.succeed("chat.send", message);
              assertEquals("in_flight", again.path("status").asText(), again.toString());
              JsonNode seen =
                  person.succeed("chat.history", Json.object().put("sessionKey", session));
              assertEquals("run", seen.at("/inFlightRun/runId").asText(), seen.toString());
              assertTrue(seen.at("/sessionInfo/hasActiveRun").asBoolean(), seen.toString());
            }
            there.succeed("chat.abort", Json.object().put("sessionKey", session));
            assertEquals("aborted", end(here, "run").path("state").asText());
            assertEquals("aborted", end(there, "run").path("state").asText());
          }
        });
  }
}
