package dev.parley.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real hub on a free port with a Redis of its own, as its users and its attackers meet it. */
class MainJobTest {
  @TempDir static Path data;
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static Vertx vertx;
  private static Hub hub;
  private static WebSocketClient sockets;
  private static int tenants;

  @BeforeAll
  static void startTheHub() throws Exception {
    vertx = Vertx.vertx();
    Settings settings =
        Settings.of(
            Map.of("port", "0", "data", data.toString(), "offline-pacing-ms", "0"), Map.of());
    hub = await(Hub.start(vertx, settings, Map.of()));
    sockets = vertx.createWebSocketClient();
  }

  @AfterAll
  static void stopTheHub() throws Exception {
    await(hub.close());
    await(vertx.close());
  }

  @Test
  void aTenantSignsUpAndItsAgentAnswersInPieces() throws Exception {
    Peer person = new Peer(signUp());
    person.connect();
    person.send("chat.send", chat("repeat 5 word"));
    int deltas = 0;
    JsonNode chat = person.event("chat");
    while (chat.path("state").asText().equals("delta")) {
      deltas++;
      chat = person.event("chat");
    }
    assertEquals("final", chat.path("state").asText());
    assertTrue(deltas >= 5, "streamed in pieces: " + deltas);
    JsonNode history = person.ask("chat.history", Json.object().put("sessionKey", "main"));
    assertEquals(2, history.path("payload").path("messages").size());
  }

  @Test
  void anAgentOfAnotherTenantIsNotFoundWhetherItExistsOrNot() throws Exception {
    String key = signUp();
    String other = tenantOf(signUp());
    JsonNode existing = post("/v1/calls", key, call(other + "/main"));
    JsonNode missing = post("/v1/calls", key, call(other + "/nobody"));
    JsonNode nowhere = post("/v1/calls", key, call("no-such-tenant/main"));
    for (JsonNode answer : new JsonNode[] {existing, missing, nowhere}) {
      assertEquals("not_found", answer.path("error").path("code").asText());
    }
    assertEquals(
        existing.path("error").path("message").asText().replace("/main", "/nobody"),
        missing.path("error").path("message").asText());
  }

  @Test
  void aRevokedKeyClosesItsSocketAndOpensNoOther() throws Exception {
    String owner = signUp();
    JsonNode made = post("/v1/keys", owner, Json.object().put("role", "member"));
    Peer member = new Peer(made.path("secret").asText());
    member.connect();
    String id = made.path("key").path("id").asText();
    assertEquals(200, status("DELETE", "/v1/keys/" + id, owner, ""));
    assertEquals(1008, member.closeCode());
    assertEquals(401, status("GET", "/v1/usage", made.path("secret").asText(), ""));
  }

  @Test
  void aMemberMayNotMakeKeysAndAnOwnerMayNotAdministerThePlatform() throws Exception {
    String owner = signUp();
    JsonNode made = post("/v1/keys", owner, Json.object().put("role", "member"));
    String member = made.path("secret").asText();
    assertEquals(403, status("POST", "/v1/keys", member, "{\"role\":\"owner\"}"));
    assertEquals(403, status("GET", "/v1/admin/tenants", owner, ""));
    assertEquals(400, status("POST", "/v1/keys", owner, "{\"role\":\"admin\"}"));
  }

  @Test
  void aSuspendedTenantCanDoNothing() throws Exception {
    String key = signUp();
    String admin = java.nio.file.Files.readString(hub.adminKeyFile()).strip();
    Peer person = new Peer(key);
    person.connect();
    String path = "/v1/admin/tenants/" + tenantOf(key);
    assertEquals(200, status("POST", path + "/suspend", admin, "{\"reason\":\"unpaid\"}"));
    assertEquals(1008, person.closeCode());
    assertEquals(403, status("GET", "/v1/usage", key, ""));
    assertEquals(200, status("POST", path + "/resume", admin, ""));
    assertEquals(200, status("GET", "/v1/usage", key, ""));
  }

  @Test
  void aForeignBrowserOriginIsRefused() {
    WebSocketConnectOptions options =
        new WebSocketConnectOptions().setHost("127.0.0.1").setPort(hub.port()).setURI("/ws");
    Future<WebSocket> foreign =
        sockets.connect(options.addHeader("Origin", "https://evil.example"));
    assertTrue(failed(foreign));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[]",
        "{\"type\":\"req\",\"id\":\"x\",\"method\":7}",
        "{\"type\":\"req\",\"id\":\"x\",\"id\":\"y\",\"method\":\"health\"}",
        "{\"type\":\"req\",\"id\":\"x\",\"method\":\"no.such\",\"params\":{}}",
        "{\"type\":\"req\",\"id\":\"x\",\"method\":\"agent.call\",\"params\":{\"to\":\"../x\"}}",
        "{\"type\":\"req\",\"id\":\"x\",\"method\":\"chat.send\",\"params\":{\"message\":1}}"
      })
  void aBadFrameIsAnsweredByNameAndTheConnectionLives(String frame) throws Exception {
    Peer person = new Peer(signUp());
    person.connect();
    person.raw(frame);
    JsonNode error = person.error();
    assertEquals("INVALID_REQUEST", error.path("code").asText());
    assertFalse(error.path("details").path("field").asText().isEmpty(), error.toString());
    assertTrue(person.ask("health", Json.object()).path("ok").asBoolean());
  }

  private static ObjectNode chat(String message) {
    return Json.object()
        .put("sessionKey", "main")
        .put("message", message)
        .put("idempotencyKey", "k1");
  }

  private static ObjectNode call(String to) {
    ObjectNode params = Json.object().put("to", to);
    params.put("payload", "hello");
    return params;
  }

  private static synchronized String signUp() throws Exception {
    String tenant = "tenant-" + ++tenants;
    return post("/v1/signup", "", Json.object().put("tenant", tenant)).path("secret").asText();
  }

  private static String tenantOf(String key) {
    return key.substring(key.indexOf('_') + 1, key.indexOf('_', 4));
  }

  private static JsonNode post(String path, String key, ObjectNode body) throws Exception {
    return Json.parse("body", send("POST", path, key, Json.write(body)).body());
  }

  private static int status(String method, String path, String key, String body) throws Exception {
    return send(method, path, key, body).statusCode();
  }

  private static HttpResponse<String> send(String method, String path, String key, String body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + hub.port() + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static boolean failed(Future<?> future) {
    return future
        .map(false)
        .otherwise(true)
        .toCompletionStage()
        .toCompletableFuture()
        .orTimeout(10, TimeUnit.SECONDS)
        .join();
  }

  /** A raw socket, so that what goes over the wire is what the test says. */
  private static final class Peer {
    private final String key;
    private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
    private final BlockingQueue<Integer> closes = new LinkedBlockingQueue<>();
    private WebSocket socket;
    private int ids;

    Peer(String key) {
      this.key = key;
    }

    void connect() throws Exception {
      socket = await(sockets.connect(hub.port(), "127.0.0.1", "/ws"));
      socket.textMessageHandler(text -> frames.add(Json.parse("frame", text)));
      socket.closeHandler(gone -> closes.add((int) socket.closeStatusCode()));
      ObjectNode hello = Json.object().put("minProtocol", 4).put("maxProtocol", 4);
      hello
          .putObject("client")
          .put("id", "test")
          .put("version", "1")
          .put("platform", "test")
          .put("mode", "test");
      hello.putObject("auth").put("token", key);
      assertTrue(ask("connect", hello).path("ok").asBoolean());
    }

    void raw(String frame) throws Exception {
      await(socket.writeTextMessage(frame));
    }

    String send(String method, ObjectNode params) throws Exception {
      String id = "r" + ++ids;
      ObjectNode frame = Json.object().put("type", "req").put("id", id).put("method", method);
      frame.set("params", params);
      raw(Json.write(frame));
      return id;
    }

    JsonNode ask(String method, ObjectNode params) throws Exception {
      String id = send(method, params);
      while (true) {
        JsonNode frame = next();
        if (frame.path("id").asText().equals(id)) {
          return frame;
        }
      }
    }

    JsonNode event(String name) throws Exception {
      while (true) {
        JsonNode frame = next();
        if (frame.path("event").asText().equals(name)) {
          return frame.path("payload");
        }
      }
    }

    JsonNode error() throws Exception {
      while (true) {
        JsonNode frame = next();
        if (frame.has("error")) {
          return frame.path("error");
        }
        if (frame.path("event").asText().equals("protocol.error")) {
          return frame.path("payload");
        }
      }
    }

    int closeCode() throws Exception {
      Integer code = closes.poll(10, TimeUnit.SECONDS);
      return code == null ? -1 : code;
    }

    private JsonNode next() throws Exception {
      JsonNode frame = frames.poll(10, TimeUnit.SECONDS);
      if (frame == null) {
        throw new AssertionError("no frame within 10 s");
      }
      return frame;
    }
  }
}
