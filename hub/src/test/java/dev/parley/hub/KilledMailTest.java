package dev.parley.hub;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mail whose hub was killed with {@code kill -9}. */
class KilledMailTest {
  private static final int MESSAGES = 30;
  private static final int ACKNOWLEDGED = 10;

  @TempDir Path directory;

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient http = HttpClient.newHttpClient();
  private Process hub;
  private HubExtension next;
  private int port;

  @AfterEach
  void stopAll() {
    if (hub != null) {
      hub.destroyForcibly();
    }
    if (next != null) {
      next.close();
    }
    HubExtension.await(vertx.close());
  }

  @Test
  void isAllHandledByTheNextHubAndWhatWasHandledDoesNotComeAgain() throws Exception {
    Path data = directory.resolve("data");
    startDoomed(data);
    String key = post("signup", "", Json.object().put("tenant", "acme")).path("secret").asText();
    post("agents", key, Json.object().put("name", "worker").put("kind", "remote"));
    for (int i = 0; i < MESSAGES; i++) {
      ObjectNode message =
          Json.object()
              .put("to", "acme/worker")
              .put("messageId", "m" + i)
              .put("conversation", "c" + i % 3)
              .put("payload", i);
      assertEquals("accepted", post("messages", key, message).path("status").asText());
    }
    Map<String, Integer> effects = new HashMap<>();
    Peer worker = connect(key);
    for (int i = 0; i < ACKNOWLEDGED; i++) {
      JsonNode delivery = worker.delivery();
      String id = delivery.at("/params/id").asText();
      effects.merge(id, 1, Integer::sum);
      worker.raw(ok(delivery));
      await().until(() -> get("messages/" + id, key).path("status").asText(), "handled"::equals);
    }
    hub.destroyForcibly().waitFor();

    next = HubExtension.with("data", data.toString(), "fsync", "always").start();
    Map<String, Integer> lastOfConversation = new HashMap<>();
    try (Peer back = next.connectAgent(key, "worker")) {
      while (effects.size() < MESSAGES) {
        JsonNode delivery = back.delivery();
        effects.merge(delivery.at("/params/id").asText(), 1, Integer::sum);
        int number = delivery.at("/params/payload").asInt();
        Integer before =
            lastOfConversation.put(delivery.at("/params/conversation").asText(), number);
        assertEquals(before == null ? number : before + 3, number, "out of order");
        back.raw(ok(delivery));
      }
    }
    effects.forEach((id, times) -> assertEquals(1, times, id));
  }

  private void startDoomed(Path data) throws Exception {
    Path portFile = directory.resolve("port");
    hub =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                KilledHubTest.Doomed.class.getName(),
                data.toString(),
                portFile.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    await().atMost(Duration.ofMinutes(2)).until(() -> Files.exists(portFile));
    port = Integer.parseInt(Files.readString(portFile));
  }

  private Peer connect(String key) {
    var socket = vertx.createWebSocketClient().webSocket();
    Peer peer = new Peer(socket);
    HubExtension.await(
        socket.connect(
            new WebSocketConnectOptions().setHost("127.0.0.1").setPort(port).setURI("/")));
    peer.hello(Peer.connectParams(key).put("role", "agent").put("agent", "worker"));
    return peer;
  }

  private JsonNode post(String path, String key, ObjectNode body)
      throws IOException, InterruptedException {
    return ask(request(path, key).POST(HttpRequest.BodyPublishers.ofString(Json.write(body))));
  }

  private JsonNode get(String path, String key) throws IOException, InterruptedException {
    return ask(request(path, key));
  }

  private HttpRequest.Builder request(String path, String key) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/" + path))
        .header("Authorization", "Bearer " + key);
  }

  private JsonNode ask(HttpRequest.Builder request) throws IOException, InterruptedException {
    return Json.parse(
        "answer", http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body());
  }

  private static String ok(JsonNode delivery) {
    return "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
        .formatted(delivery.path("id").asText());
  }
}
