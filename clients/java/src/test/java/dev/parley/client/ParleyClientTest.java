package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.Hub;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParleyClientTest {
  @TempDir static Path data;
  private static Vertx vertx;
  private static Hub hub;
  private static int tenants;

  @BeforeAll
  static void startTheHub() throws Exception {
    vertx = Vertx.vertx();
    hub =
        await(
            Hub.start(
                vertx,
                Settings.of(
                    Map.of("port", "0", "data", data.toString(), "offline-pacing-ms", "0"),
                    Map.of()),
                Map.of()));
  }

  @AfterAll
  static void stopTheHub() throws Exception {
    await(hub.close());
    await(vertx.close());
  }

  @Test
  void aRequestIsAnswered() throws Exception {
    ParleyClient client = get(connect(signUp()));
    JsonNode agents = get(client.request("agents.list", Json.object()));
    assertEquals("main", agents.path("agents").path(0).path("id").asText());
    client.close();
  }

  @Test
  void anOwnAgentIsCalledAndAStrangersIsNotFound() throws Exception {
    String key = signUp();
    String tenant = key.substring(4, key.indexOf('_', 4));
    ParleyClient client = get(connect(key));
    CallResult result = get(client.call(tenant + "/main", "repeat 2 hello"));
    assertTrue(result.text().contains("hello"), result.text());
    assertRefused(ErrorCode.NOT_FOUND, client.call("somebody-else/main", "hello"));
    client.close();
  }

  @Test
  void aWrongKeyIsRefusedAtOnce() throws Exception {
    assertRefused(ErrorCode.UNAUTHORIZED, connect(signUp() + "x"));
  }

  private static CompletableFuture<ParleyClient> connect(String key) {
    return ParleyClient.builder().url("ws://127.0.0.1:" + hub.port()).key(key).connect();
  }

  private static synchronized String signUp() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + hub.port() + "/v1/signup"))
            .POST(HttpRequest.BodyPublishers.ofString("{\"tenant\":\"sdk-" + ++tenants + "\"}"))
            .build();
    String body =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    return Json.parse("body", body).path("secret").asText();
  }

  private static void assertRefused(ErrorCode code, CompletableFuture<?> refused) {
    ExecutionException failure = assertThrows(ExecutionException.class, () -> get(refused));
    assertEquals(code, assertInstanceOf(ParleyException.class, failure.getCause()).code());
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static <T> T await(Future<T> future) throws Exception {
    return get(future.toCompletionStage().toCompletableFuture());
  }
}
