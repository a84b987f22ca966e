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
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes with one data directory: a person never notices which one they are connected to. */
class AnyNodeTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  @TempDir static Path directory;

  private static TestCluster cluster;
  private static HubExtension first;
  private static NodeProcess second;
  private static WebSocketClient sockets;

  @BeforeAll
  static void startNodes() throws IOException {
    cluster = TestCluster.start(directory, "data", directory.resolve("data").toString());
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

  private static ObjectNode message(String session, String text, String id) {
    return Json.object().put("sessionKey", session).put("message", text).put("idempotencyKey", id);
  }

  /** The frames of a run until it is over, as one person sees them. */
  private static List<String> chat(Peer person, String runId) {
    List<String> seen = new ArrayList<>();
    String state = "";
    while (!List.of("final", "aborted", "error").contains(state)) {
      JsonNode payload =
          person
              .next(
                  frame ->
                      frame.path("event").asText().equals("chat")
                          && frame.at("/payload/runId").asText().equals(runId))
              .path("payload");
      state = payload.path("state").asText();
      seen.add(payload.path("seq") + state + payload.at("/message/content/0/text").asText());
    }
    return seen;
  }

  /** Until both nodes have heard of each other's sessions of the tenant. */
  private static void seesOf(Peer person, int sessions) {
    await()
        .atMost(LONGEST)
        .until(
            () -> person.succeed("system-presence", Json.object()).size(),
            size -> size == sessions);
  }

  @Test
  void aChatRunsOnceAndPeopleOnBothNodesSeeTheSameOfIt() {
    for (int i = 0; i < 3; i++) {
      Member owner = first.signUp();
      try (Peer here = first.connect(owner.key());
          Peer there = second.connect(sockets, owner.key())) {
        seesOf(here, 2);
        seesOf(there, 2);
        for (Peer sender : new Peer[] {here, there}) {
          String runId = sender == here ? "from-here" : "from-there";
          sender.succeed("chat.send", message("main", "repeat 3 x", runId));
          List<String> seen = chat(here, runId);
          assertEquals(seen, chat(there, runId));
          assertTrue(seen.get(seen.size() - 1).endsWith("finalx x x"), seen.toString());
          Peer other = sender == here ? there : here;
          assertEquals(
              "ok",
              other
                  .succeed("chat.send", message("main", "repeat 3 x", runId))
                  .path("status")
                  .asText());
          assertEquals(
              "INVALID_REQUEST",
              other.ask("chat.send", message("main", "else", runId)).at("/error/code").asText());
        }
        for (Peer reader : new Peer[] {here, there}) {
          JsonNode history =
              reader.succeed("chat.history", Json.object().put("sessionKey", "main"));
          assertEquals(4, history.path("messages").size(), history.toString());
        }
      }
    }
  }

  @Test
  void receiptsReachTheirKeyOnEveryNodeAndNoOtherKey() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    try (Peer agent = first.connectAgent(owner.key(), "worker");
        Peer here = first.connect(owner.key());
        Peer there = second.connect(sockets, owner.key());
        Peer other = second.connect(sockets, first.newKey(owner, "owner"))) {
      seesOf(here, 4);
      seesOf(there, 4);
      for (Peer sender : new Peer[] {here, there}) {
        String id = sender == here ? "from-here" : "from-there";
        sender.succeed(
            "agent.send",
            Json.object()
                .put("to", owner.agent("worker"))
                .put("payload", "work")
                .put("messageId", id));
        JsonNode delivery = agent.delivery();
        agent.raw(
            "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
                .formatted(delivery.path("id").asText()));
        for (Peer person : new Peer[] {here, there}) {
          person.next(
              frame ->
                  frame.path("event").asText().equals("message.receipt")
                      && frame.at("/payload/messageId").asText().equals(id)
                      && frame.at("/payload/status").asText().equals("handled"));
        }
      }
      assertTrue(other.alive());
      assertEquals(
          0,
          other.drain().stream()
              .filter(frame -> frame.path("event").asText().equals("message.receipt"))
              .count());
    }
  }

  @Test
  void aRunIsSeenAndStoppedFromTheOtherNode() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "worker");
    try (Peer agent = first.connectAgent(owner.key(), "worker");
        Peer watchingHere = first.connect(owner.key());
        Peer watchingThere = second.connect(sockets, owner.key());
        Peer here = first.connect(owner.key());
        Peer there = second.connect(sockets, owner.key())) {
      String session = "agent:worker:main";
      await()
          .atMost(LONGEST)
          .until(
              () ->
                  there.ask("chat.send", message(session, "work", "long")).path("ok").asBoolean());
      agent.delivery();
      for (Peer person : new Peer[] {here, there}) {
        await()
            .atMost(LONGEST)
            .until(
                () ->
                    person
                        .succeed("chat.history", Json.object().put("sessionKey", session))
                        .at("/inFlightRun/runId")
                        .asText()
                        .equals("long"));
        JsonNode again = person.succeed("chat.send", message(session, "work", "long"));
        assertEquals("in_flight", again.path("status").asText(), again.toString());
      }
      String waiting =
          there.send("agent.wait", Json.object().put("runId", "long").put("timeoutMs", 20_000));
      JsonNode stopped =
          here.succeed("chat.abort", Json.object().put("sessionKey", session).put("runId", "long"));
      assertTrue(stopped.path("aborted").asBoolean(), stopped.toString());
      assertFalse(agent.event("agent.cancelled").path("id").asText().isEmpty());
      JsonNode end = there.answer(waiting).path("payload");
      assertEquals("long", end.path("runId").asText(), end.toString());
      assertEquals(chat(watchingHere, "long"), chat(watchingThere, "long"));
    }
  }

  @Test
  void whoComesAndGoesIsSeenOnTheOtherNodeAndByNobodyElse() {
    Member owner = first.signUp();
    Member stranger = first.signUp();
    try (Peer here = first.connect(owner.key());
        Peer outsider = second.connect(sockets, stranger.key())) {
      try (Peer there = second.connect(sockets, owner.key())) {
        here.next(frame -> frame.at("/payload/presence").size() == 2);
        seesOf(there, 2);
      }
      here.next(frame -> frame.at("/payload/presence").size() == 1);
      seesOf(here, 1);
      seesOf(outsider, 1);
    }
  }

  @Test
  void aTopicReachesItsSubscribersOnBothNodes() {
    Member owner = first.unmetered(first.signUp());
    first.defineRemote(owner, "near");
    first.defineRemote(owner, "far");
    try (Peer near = first.connectAgent(owner.key(), "near");
        Peer far = second.connectAgent(sockets, owner.key(), "far");
        Peer there = second.connect(sockets, owner.key())) {
      for (String agent : List.of("near", "far")) {
        there.succeed("topic.subscribe", Json.object().put("topic", "news").put("agent", agent));
      }
      there.succeed("topic.publish", Json.object().put("topic", "news").put("payload", "extra"));
      assertEquals("extra", near.delivery().at("/params/payload/text").asText());
      assertEquals("extra", far.delivery().at("/params/payload/text").asText());
    }
  }

  @Test
  void aRoomReachesMembersOfTwoTenantsOnBothNodes() {
    Member owner = first.unmetered(first.signUp());
    Member guest = first.unmetered(first.signUp());
    first.defineRemote(owner, "scribe");
    JsonNode made =
        first.succeed("POST", "/v1/rooms", owner.key(), Json.object().put("name", "planning"));
    String room = made.at("/room/room").asText();
    try (Peer here = first.connect(owner.key());
        Peer there = second.connect(sockets, owner.key());
        Peer visitor = second.connect(sockets, guest.key());
        Peer scribe = second.connectAgent(sockets, owner.key(), "scribe")) {
      here.succeed("room.invite", Json.object().put("room", room).put("party", guest.tenant()));
      visitor.succeed("room.accept", Json.object().put("room", room));
      here.succeed(
          "room.listen", Json.object().put("room", room).put("agent", "scribe").put("mode", "all"));
      int posts = 0;
      Peer[] people = {here, there, visitor};
      for (Peer person : people) {
        person.succeed("room.subscribe", Json.object().put("room", room));
      }
      for (Peer poster : people) {
        String said = "post " + ++posts;
        poster.send("room.post", Json.object().put("room", room).put("payload", said));
        for (Peer person : people) {
          assertEquals(said, person.event("room.message").path("payload").asText());
        }
        if (poster != visitor) {
          JsonNode delivery = scribe.delivery();
          assertTrue(delivery.toString().contains(said), delivery.toString());
          scribe.raw(
              Json.write(
                  Json.object()
                      .put("type", "res")
                      .put("id", delivery.path("id").asText())
                      .put("ok", true)
                      .putNull("payload")));
        }
      }
    }
  }
}
