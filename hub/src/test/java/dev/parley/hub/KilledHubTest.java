package dev.parley.hub;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that was under way when its hub was killed with {@code kill -9}. */
class KilledHubTest {
  private static final String LONG_TASK = "repeat 5000 word";
  private static final Duration START = Duration.ofMinutes(2);

  @TempDir Path directory;

  private Vertx vertx;
  private Process hub;
  private String key;
  private HubExtension next;

  @BeforeEach
  void killAHubInMidRun() throws Exception {
    Path data = directory.resolve("data");
    Path portFile = directory.resolve("port");
    hub =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Doomed.class.getName(),
                data.toString(),
                portFile.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    await().atMost(START).until(() -> Files.exists(portFile));
    int port = Integer.parseInt(Files.readString(portFile));
    key = signUp(port);
    vertx = Vertx.vertx();
    WebSocketClient sockets = vertx.createWebSocketClient();
    var socket = sockets.webSocket();
    Peer person = new Peer(socket);
    HubExtension.await(
        socket.connect(
            new WebSocketConnectOptions().setHost("127.0.0.1").setPort(port).setURI("/")));
    person.hello(key);
    person.succeed("chat.send", message("run-1", LONG_TASK));
    person.next(frame -> frame.at("/payload/state").asText().equals("delta"));
    hub.destroyForcibly().waitFor();
    next = HubExtension.with("data", data.toString()).start();
  }

  @AfterEach
  void stopBoth() {
    if (hub != null) {
      hub.destroyForcibly();
    }
    if (next != null) {
      next.close();
    }
    if (vertx != null) {
      HubExtension.await(vertx.close());
    }
  }

  @Test
  void hasFailedForEverybodyWhoLooks() {
    try (Peer back = next.connect(key)) {
      JsonNode history = back.succeed("chat.history", params("sessionKey", "main"));
      assertEquals(LONG_TASK, history.at("/messages/0/content").asText(), history.toString());
      assertTrue(history.path("inFlightRun").isMissingNode(), history.toString());
      assertFailed(history.path("sessionInfo"));
      assertFailed(back.succeed("sessions.describe", params("key", "main")).path("session"));
      assertFailed(back.succeed("sessions.list", Json.object()).at("/sessions/0"));
      assertEquals("no-active-run", abort(back).path("status").asText());

      back.succeed("sessions.subscribe", Json.object());
      back.send("sessions.patch", params("key", "main", "label", "renamed"));
      assertFailed(back.event("sessions.changed").path("session"));
    }
  }

  @Test
  void isAnsweredWithItsEndWhenItIsSentAgainAndTheSessionGoesOn() {
    try (Peer back = next.connect(key)) {
      JsonNode again = back.succeed("chat.send", message("run-1", LONG_TASK));
      assertEquals("error", again.path("status").asText());
      assertEquals(
          "chat-request-conflict",
          back.ask("chat.send", message("run-1", "something else"))
              .at("/error/details/reason")
              .asText());

      back.succeed("chat.send", message("run-2", "repeat 2 again"));
      back.next(
          frame ->
              frame.at("/payload/runId").asText().equals("run-2")
                  && frame.at("/payload/state").asText().equals("final"));
      JsonNode history = back.succeed("chat.history", params("sessionKey", "main"));
      assertEquals(3, history.path("messages").size(), history.toString());
      assertEquals("again again", history.at("/messages/2/content/0/text").asText());
      assertEquals("done", history.at("/sessionInfo/status").asText());
      assertEquals(
          "error", back.succeed("chat.send", message("run-1", LONG_TASK)).path("status").asText());
    }
  }

  private static void assertFailed(JsonNode session) {
    assertEquals("failed", session.path("status").asText(), session.toString());
    assertFalse(session.path("hasActiveRun").asBoolean(true), session.toString());
    assertTrue(session.path("lastRunError").asText().contains("send the message again"));
  }

  private static JsonNode abort(Peer peer) {
    return peer.succeed("chat.abort", params("sessionKey", "main"));
  }

  private static ObjectNode message(String run, String text) {
    return params("sessionKey", "main", "message", text, "idempotencyKey", run);
  }

  private static ObjectNode params(String... pairs) {
    ObjectNode params = Json.object();
    for (int i = 0; i < pairs.length; i += 2) {
      params.put(pairs[i], pairs[i + 1]);
    }
    return params;
  }

  private static String signUp(int port) throws IOException, InterruptedException {
    String answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/signup"))
                    .POST(HttpRequest.BodyPublishers.ofString("{\"tenant\":\"acme\"}"))
                    .build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    return Json.parse("answer", answer).path("secret").asText();
  }

  /** The hub that gets killed; writes its port to a file. */
  static final class Doomed {
    private Doomed() {}

    public static void main(String[] arguments) throws Exception {
      Map<String, String> options =
          Map.of("port", "0", "data", arguments[0], "offline-pacing-ms", "20");
      Hub hub =
          Hub.start(Vertx.vertx(), Settings.of(options, Map.of()), Map.of())
              .await(START.toSeconds(), TimeUnit.SECONDS);
      Path port = Path.of(arguments[1]);
      Path written = Files.writeString(Path.of(port + ".new"), Integer.toString(hub.port()));
      Files.move(written, port, StandardCopyOption.ATOMIC_MOVE);
    }
  }
}
