package dev.parley.hub.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes on one data directory and one Redis: one in this JVM, one that is stopped in mid-run.
 */
class FencingTest {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  @TempDir Path directory;

  private TestCluster cluster;
  private HubExtension living;
  private NodeProcess paused;
  private WebSocketClient sockets;

  @BeforeEach
  void startNodes() throws IOException {
    cluster = TestCluster.start(directory, "data", directory.resolve("data").toString());
    living = cluster.first();
    sockets = cluster.sockets();
    paused = cluster.node("paused", "offline-pacing-ms", "10");
    paused.port();
  }

  @AfterEach
  void stopNodes() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static ObjectNode message(String text, String key) {
    return Json.object().put("sessionKey", "main").put("message", text).put("idempotencyKey", key);
  }

  /**
   * A tenant whose agent's place is the node that will be stopped, so that it is not active on the
   * other; its long run has begun there.
   */
  private Member tenantThere(List<Peer> open) {
    while (true) {
      Member owner = living.signUp();
      double activeHere = living.metric("parley_agents_active");
      Peer peer = paused.connect(sockets, owner.key());
      peer.succeed("chat.send", message("repeat 500 lost", "run-1"));
      if (living.metric("parley_agents_active") == activeHere) {
        open.add(peer);
        return owner;
      }
      peer.close();
    }
  }

  private static List<String> history(Peer from) {
    List<String> told = new ArrayList<>();
    for (JsonNode row :
        from.succeed("chat.history", Json.object().put("sessionKey", "main")).path("messages")) {
      JsonNode content = row.path("content");
      told.add(
          row.path("role").asText()
              + ": "
              + (content.isTextual() ? content.asText() : content.path(0).path("text").asText()));
    }
    return told;
  }

  private static void answered(Peer from, String text, String key) {
    await()
        .atMost(LONGEST)
        .until(() -> from.ask("chat.send", message(text, key)).path("ok").asBoolean());
    from.next(
        frame ->
            frame.at("/payload/runId").asText().equals(key)
                && frame.at("/payload/state").asText().equals("final"));
  }

  @Test
  void aNodeThatWasStoppedInMidRunCommitsNothingWhenItGoesOn() {
    List<Peer> open = new ArrayList<>();
    Member owner = tenantThere(open);
    Peer before = open.get(0);
    before.next(frame -> frame.at("/payload/state").asText().equals("delta"));
    paused.pause();

    try (Peer here = living.connect(owner.key())) {
      answered(here, "repeat 2 kept", "run-2");
      List<String> told =
          List.of("user: repeat 500 lost", "user: repeat 2 kept", "assistant: kept kept");
      assertEquals(told, history(here));

      paused.resume();
      JsonNode end =
          before.next(
              frame ->
                  frame.at("/payload/runId").asText().equals("run-1")
                      && !frame.at("/payload/state").asText().equals("delta")
                      && frame.at("/payload").has("state"));
      assertEquals("error", end.at("/payload/state").asText(), end.toString());
      try (Peer there = paused.connect(sockets, owner.key())) {
        for (Peer from : List.of(here, there)) {
          assertEquals(told, history(from));
          assertEquals(
              3,
              from.succeed("sessions.describe", Json.object().put("key", "main"))
                  .at("/session/messageCount")
                  .asInt());
        }
      }
    }
    before.close();
  }
}
