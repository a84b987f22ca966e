package dev.parley.hub.memory;

import static dev.parley.hub.memory.MemoryFixture.params;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.store.TcpRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two hubs with one Redis and one data directory: memory is the same at both, at once. */
class MemoryClusterTest {
  private static final String SECRET = "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6";

  @TempDir static Path directory;

  private static TcpRedis redis;
  private static HubExtension first;
  private static HubExtension second;

  @BeforeAll
  static void startNodes() throws IOException {
    redis = TcpRedis.start(directory);
    String port = Integer.toString(TcpRedis.freePort());
    String secret = Files.writeString(directory.resolve("secret"), SECRET).toString();
    first = node(secret, port).start();
    second =
        node(secret, Integer.toString(TcpRedis.freePort()), "cluster-members", "127.0.0.1:" + port)
            .start();
  }

  private static HubExtension node(String secret, String port, String... more) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "cluster",
                "true",
                "redis",
                "redis://" + redis.address(),
                "cluster-secret-file",
                secret,
                "data",
                directory.resolve("data").toString(),
                "cluster-port",
                port,
                "redis-timeout-ms",
                "10000"));
    settings.addAll(List.of(more));
    return HubExtension.with(settings.toArray(String[]::new));
  }

  @AfterAll
  static void stopNodes() throws Exception {
    for (AutoCloseable part : new AutoCloseable[] {second, first, redis}) {
      if (part != null) {
        part.close();
      }
    }
  }

  @Test
  void whatOneNodeTookOrDeletedTheOtherKnowsAtOnce() {
    Member owner = first.signUp();
    MemoryFixture here = new MemoryFixture(first);
    MemoryFixture there = new MemoryFixture(second);
    for (int i = 0; i < 10; i++) {
      String id = "round" + i;
      MemoryFixture writer = i % 2 == 0 ? here : there;
      MemoryFixture reader = i % 2 == 0 ? there : here;
      writer.put(owner, "id", id, "text", "puffin number" + i);
      assertEquals(List.of(id), reader.found(owner, "number" + i));
      writer.put(owner, "id", id, "text", "guillemot again" + i);
      assertEquals(List.of(), reader.found(owner, "number" + i));
      assertEquals(List.of(id), reader.found(owner, "again" + i));
      assertTrue(reader.hub().get("/v1/memory/" + id, owner.key()).text().contains("guillemot"));
      writer.hub().succeed("DELETE", "/v1/memory/" + id, owner.key(), params());
      assertEquals(List.of(), reader.found(owner, "again" + i));
    }
    here.file(owner, "main", "MEMORY.md", "a razorbill in a file\n");
    assertEquals(List.of("MEMORY.md"), there.found(owner, "razorbill"));
  }

  @Test
  void theIndexesAreNotInTheSharedDirectory() {
    Member owner = first.signUp();
    new MemoryFixture(first).put(owner, "text", "kittiwake");
    new MemoryFixture(first).found(owner, "kittiwake");
    new MemoryFixture(second).found(owner, "kittiwake");
    assertFalse(Files.exists(directory.resolve("data").resolve("memory-index")));
  }

  @Test
  void bothNodesTogetherNeverTakeMoreThanThePlanAllows() throws Exception {
    Member owner = first.signUp();
    var limits = params();
    limits.putObject("limits").put("memoryDocuments", 10).put("memoryBytes", 1_000);
    first.succeed("PATCH", "/v1/admin/tenants/" + owner.tenant(), first.adminKey(), limits);
    assertEquals(200, second.get("/v1/tenant", owner.key()).status());
    ExecutorService callers = Executors.newFixedThreadPool(8);
    List<Future<Integer>> answers = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        HubExtension node = i % 2 == 0 ? first : second;
        String id = "d" + i;
        Callable<Integer> put =
            () ->
                node.rest("POST", "/v1/memory", owner.key(), params("id", id, "text", "x " + id))
                    .status();
        answers.add(callers.submit(put));
      }
      int taken = 0;
      for (Future<Integer> answer : answers) {
        taken += answer.get() == 200 ? 1 : 0;
      }
      assertEquals(10, taken);
    } finally {
      callers.shutdown();
    }
    JsonNode documents = second.get("/v1/memory", owner.key()).body().path("documents");
    assertEquals(10, documents.size());
    Path files =
        directory.resolve("data/workspace").resolve(owner.tenant()).resolve("agents/main/memory");
    try (Stream<Path> all = Files.list(files)) {
      assertEquals(10, all.count(), "what was refused leaves nothing");
    }
    for (JsonNode document : documents) {
      String id = document.path("id").asText();
      assertEquals(200, first.get("/v1/memory/" + id, owner.key()).status());
    }
  }

  @Test
  void theSameDocumentPutOnBothNodesAtOnceIsOneOfThem() throws Exception {
    Member owner = first.signUp();
    ExecutorService callers = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 10; round++) {
        String text = "round %d by ".formatted(round);
        Future<JsonNode> one =
            callers.submit(
                () -> new MemoryFixture(first).put(owner, "id", "d", "text", text + "first"));
        Future<JsonNode> other =
            callers.submit(
                () -> new MemoryFixture(second).put(owner, "id", "d", "text", text + "second"));
        one.get();
        other.get();
        String atFirst = first.get("/v1/memory/d", owner.key()).body().path("text").asText();
        String atSecond = second.get("/v1/memory/d", owner.key()).body().path("text").asText();
        assertEquals(atFirst, atSecond);
        assertTrue(atFirst.startsWith(text), atFirst);
        assertEquals(List.of("d"), new MemoryFixture(first).found(owner, "round"));
      }
    } finally {
      callers.shutdown();
    }
  }
}
