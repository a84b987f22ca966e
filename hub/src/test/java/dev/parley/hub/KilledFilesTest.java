package dev.parley.hub;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files whose hub was killed with {@code kill -9} while they were written. */
class KilledFilesTest {
  private static final int WRITERS = 6;
  private static final int WRITTEN = 150;

  @TempDir Path directory;

  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
  private Process hub;
  private HubExtension next;

  @AfterEach
  void stopAll() {
    writers.shutdownNow();
    if (hub != null) {
      hub.destroyForcibly();
    }
    if (next != null) {
      next.close();
    }
  }

  @Test
  void areWholeAndCountedAsTheyAreOnDisk() throws Exception {
    Path data = directory.resolve("data");
    int port = startDoomed(data);
    ObjectNode acme = Json.object().put("tenant", "acme");
    String key = Json.parse("answer", send(port, "signup", "", acme)).path("secret").asText();
    AtomicInteger written = new AtomicInteger();
    for (int i = 0; i < WRITERS; i++) {
      Random random = new Random(i);
      writers.execute(() -> write(port, key, random, written));
    }
    await().atMost(Duration.ofMinutes(1)).until(() -> written.get() >= WRITTEN);
    hub.destroyForcibly().waitFor();

    next = HubExtension.with("data", data.toString(), "fsync", "always").start();
    ObjectNode last = Json.object().put("path", "last").put("content", "x");
    next.succeed("POST", "/v1/agents/main/workspace/write", key, last);
    JsonNode usage = next.get("/v1/files/usage", key).body();
    long bytes = 0;
    long files = 0;
    try (Stream<Path> all = Files.walk(data.resolve("workspace/acme"))) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(file);
        assertTrue(text.chars().distinct().count() <= 1, "a mix in " + file);
        bytes += text.length();
        files++;
      }
    }
    assertEquals(bytes, usage.path("bytes").asLong());
    assertEquals(files, usage.path("files").asLong());
    assertTrue(files > 3, "files " + files);
  }

  private void write(int port, String key, Random random, AtomicInteger written) {
    try {
      while (!Thread.interrupted()) {
        String path = "d" + random.nextInt(3) + "/f" + random.nextInt(4);
        String content =
            Character.toString('a' + random.nextInt(26)).repeat(random.nextInt(50_000));
        send(
            port,
            "agents/main/workspace/write",
            key,
            Json.object().put("path", path).put("content", content));
        written.incrementAndGet();
      }
    } catch (Exception killed) {
      written.incrementAndGet();
    }
  }

  private int startDoomed(Path data) throws Exception {
    Path portFile = directory.resolve("port");
    hub =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    KilledHubTest.Doomed.class.getName(),
                    data.toString(),
                    portFile.toString()))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    await().atMost(Duration.ofMinutes(2)).until(() -> Files.exists(portFile));
    return Integer.parseInt(Files.readString(portFile));
  }

  private String send(int port, String path, String key, ObjectNode body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/" + path))
            .header("Authorization", "Bearer " + key)
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(body)))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
