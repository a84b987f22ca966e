package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.cli.ParleyCommand;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * {@code parley serve} in a process of its own, with its own Redis, on a data directory that is
 * deleted afterwards; and its REST API.
 */
final class HubServer implements AutoCloseable {
  private final ServerProcess process;
  private final Path data;
  private static final String MANY = "1000000000";

  private final HttpClient http = HttpClient.newHttpClient();

  private HubServer(ServerProcess process, Path data) {
    this.process = process;
    this.data = data;
  }

  /**
   * Starts a hub.
   *
   * @param options of {@code parley serve} beside port and data
   */
  static HubServer start(Cores cores, String... options) throws IOException {
    Path data = Files.createTempDirectory("parley-bench");
    List<String> arguments = new ArrayList<>(List.of("serve", "--port", "0", "--data"));
    arguments.add(data.toString());
    arguments.addAll(List.of("--address-sign-ups-per-hour", MANY, "--sign-ups-per-hour", MANY));
    arguments.addAll(Arrays.asList(options));
    try {
      return new HubServer(ServerProcess.start(cores, ParleyCommand.class, arguments), data);
    } catch (IOException e) {
      delete(data);
      throw e;
    }
  }

  int port() {
    return process.port();
  }

  ServerProcess process() {
    return process;
  }

  Path redisSocket() {
    return data.resolve("redis").resolve("redis.sock");
  }

  /** Signs a tenant up and returns its owner's key. */
  String signUp(String tenant) throws IOException, InterruptedException {
    return post("/v1/signup", null, Json.object().put("tenant", tenant)).path("secret").asText();
  }

  /** Opens a channel that {@code caller} may call {@code to} through. */
  void agree(String caller, String callerKey, String to, String calleeKey, long callsPerMinute)
      throws IOException, InterruptedException {
    ObjectNode proposal = Json.object().put("from", caller).put("to", to);
    proposal.putObject("limits").put("callsPerMinute", callsPerMinute);
    String id = post("/v1/channels", calleeKey, proposal).path("channel").path("id").asText();
    post("/v1/channels/" + id + "/accept", callerKey, Json.object());
  }

  /** What the hub says of itself: connections, active agents. */
  JsonNode status() throws IOException, InterruptedException {
    String admin = Files.readString(data.resolve("admin.key")).strip();
    return answer(http.send(request("/v1/admin/status", admin).build(), BodyHandlers.ofString()));
  }

  JsonNode post(String path, @org.jspecify.annotations.Nullable String key, ObjectNode body)
      throws IOException, InterruptedException {
    return answer(http.send(post(path, key, Json.write(body)), BodyHandlers.ofString()));
  }

  CompletableFuture<JsonNode> postAsync(String path, String key, ObjectNode body) {
    return http.sendAsync(post(path, key, Json.write(body)), BodyHandlers.ofString())
        .thenApply(HubServer::answer);
  }

  private HttpRequest post(
      String path, @org.jspecify.annotations.Nullable String key, String body) {
    return request(path, key).POST(BodyPublishers.ofString(body)).build();
  }

  private HttpRequest.Builder request(String path, @org.jspecify.annotations.Nullable String key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
    return key == null ? request : request.header("Authorization", "Bearer " + key);
  }

  private static JsonNode answer(HttpResponse<String> response) {
    if (response.statusCode() >= 300) {
      throw new IllegalStateException(
          "%s was answered %d: %s"
              .formatted(response.uri().getPath(), response.statusCode(), response.body()));
    }
    return Json.parse("body", response.body());
  }

  @Override
  public void close() throws IOException {
    process.close();
    delete(data);
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
