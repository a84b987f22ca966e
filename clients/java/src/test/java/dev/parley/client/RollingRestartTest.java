package dev.parley.client;

import static dev.parley.client.HubExtension.get;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.Hub;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes on one Redis and one data directory, stopped and started one after the other. */
class RollingRestartTest {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  @TempDir Path directory;

  private final List<Node> nodes = new ArrayList<>();
  private final Vertx vertx = Vertx.vertx();
  private Process redis;

  private static final class Node {
    final Map<String, String> options;
    Hub hub;

    Node(Map<String, String> options) {
      this.options = options;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @BeforeEach
  void startNodes() throws Exception {
    int store = freePort();
    redis =
        new ProcessBuilder("redis-server", "--port", Integer.toString(store), "--bind", "127.0.0.1")
            .directory(directory.toFile())
            .redirectOutput(directory.resolve("redis.log").toFile())
            .start();
    await()
        .ignoreExceptions()
        .until(
            () -> {
              new Socket(InetAddress.getLoopbackAddress(), store).close();
              return true;
            });
    Path secret =
        Files.writeString(directory.resolve("secret"), "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6");
    List<Integer> ports = List.of(freePort(), freePort(), freePort());
    String members = String.join(",", ports.stream().map(port -> "127.0.0.1:" + port).toList());
    for (int port : ports) {
      Map<String, String> options =
          Map.of(
              "port",
              Integer.toString(freePort()),
              "data",
              directory.resolve("data").toString(),
              "redis",
              "redis://127.0.0.1:" + store,
              "plan",
              "unmetered",
              "offline-pacing-ms",
              "0",
              "cluster",
              "true",
              "cluster-secret-file",
              secret.toString(),
              "cluster-port",
              Integer.toString(port),
              "cluster-members",
              members);
      Node node = new Node(options);
      nodes.add(node);
      start(node);
    }
  }

  private void start(Node node) throws Exception {
    node.hub =
        Hub.start(vertx, Settings.of(node.options, Map.of()), Map.of())
            .toCompletionStage()
            .toCompletableFuture()
            .get(LONGEST.toSeconds(), TimeUnit.SECONDS);
  }

  private static void stop(Node node) throws Exception {
    node.hub.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @AfterEach
  void stopNodes() throws Exception {
    for (Node node : nodes) {
      stop(node);
    }
    vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    redis.destroyForcibly().waitFor();
  }

  private String url(int node) {
    return "http://127.0.0.1:" + nodes.get(node).options.get("port");
  }

  private ParleyClientBuilder client(String key, int first) {
    ParleyClientBuilder builder = HubExtension.quick(ParleyClient.builder()).key(key);
    for (int i = 0; i < nodes.size(); i++) {
      builder.url(url((first + i) % nodes.size()));
    }
    return builder;
  }

  /** Calls one after the other until told to stop. */
  private static CompletableFuture<Void> calling(
      Supplier<CompletableFuture<CallResult>> call,
      AtomicBoolean stop,
      AtomicInteger answered,
      List<ParleyException> failures) {
    if (stop.get()) {
      return CompletableFuture.completedFuture(null);
    }
    return call.get()
        .handle(
            (result, failure) -> {
              if (failure == null) {
                answered.incrementAndGet();
              } else {
                failures.add(
                    failure instanceof ParleyException known
                        ? known
                        : (ParleyException) failure.getCause());
              }
              return result;
            })
        .thenComposeAsync(done -> calling(call, stop, answered, failures));
  }

  @Test
  void aClientThatCallsAllTheTimeSeesNoFailedCall() throws Exception {
    JsonNode made = get(ParleyRest.of(url(0)).request("signup", Map.of("tenant", "rolling")));
    String key = made.path("secret").asText();
    get(
        ParleyRest.of(url(0))
            .key(key)
            .request("agents.create", Map.of("name", "worker", "kind", "remote")));
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger answered = new AtomicInteger();
    List<ParleyException> failures = new CopyOnWriteArrayList<>();
    AgentHandler handler = (message, context) -> CompletableFuture.completedFuture("done");
    try (ParleyAgent worker = get(client(key, 1).connectAgent("worker", handler));
        ParleyClient caller = get(client(key, 0).connect())) {
      Supplier<CompletableFuture<CallResult>> call =
          () ->
              caller.call(
                  worker.address(),
                  "ping",
                  CallOptions.defaults().messageId(UUID.randomUUID().toString()));
      await()
          .atMost(LONGEST)
          .until(
              () -> {
                get(call.get());
                return true;
              });
      List<CompletableFuture<Void>> loops = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        loops.add(calling(call, stop, answered, failures));
      }
      for (Node node : nodes) {
        int before = answered.get();
        stop(node);
        await().atMost(LONGEST).until(() -> answered.get() > before + 100);
        start(node);
        int after = answered.get();
        await().atMost(LONGEST).until(() -> answered.get() > after + 100);
      }
      stop.set(true);
      for (CompletableFuture<Void> loop : loops) {
        get(loop);
      }
    }
    assertEquals(List.of(), failures);
    assertTrue(answered.get() > 600, answered + " answered");
  }
}
