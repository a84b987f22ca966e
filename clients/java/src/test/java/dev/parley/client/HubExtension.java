package dev.parley.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.Hub;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A real hub for the tests of a class, on a free port and a data directory of its own. */
final class HubExtension implements BeforeAllCallback, AfterAllCallback {
  private static final long START_SECONDS = 90;
  private static final AtomicInteger TENANTS = new AtomicInteger();

  private final Map<String, String> settings = new HashMap<>();
  private Path data;
  private Vertx vertx;
  private Hub hub;
  private int port;

  /** A tenant and its owner's key. */
  record Tenant(String id, String key) {
    String main() {
      return id + "/main";
    }
  }

  HubExtension with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    data = Files.createTempDirectory("parley-sdk");
    vertx = Vertx.vertx();
    start();
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    stop();
    await(vertx.close());
    delete(data);
  }

  void stop() throws Exception {
    await(hub.close());
  }

  /** Starts the hub, again on the port it had. */
  void start() throws Exception {
    Map<String, String> all = new HashMap<>(settings);
    all.put("port", Integer.toString(port));
    all.put("data", data.toString());
    all.putIfAbsent("offline-pacing-ms", "0");
    hub = await(Hub.start(vertx, Settings.of(all, Map.of()), Map.of()));
    port = hub.port();
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  int port() {
    return port;
  }

  /** A client of this hub that does not wait long before it comes back. */
  ParleyClientBuilder client(Tenant tenant) {
    return quick(ParleyClient.builder().url(url()).key(tenant.key()));
  }

  /** The same builder with short waits between attempts. */
  static ParleyClientBuilder quick(ParleyClientBuilder builder) {
    return builder.backoff(() -> new Backoff(20, 200, RandomGenerator.getDefault()));
  }

  ParleyRest rest(Tenant tenant) {
    return ParleyRest.of(url()).key(tenant.key());
  }

  Tenant signUp() throws Exception {
    String id = "sdk-" + TENANTS.incrementAndGet();
    JsonNode made = get(ParleyRest.of(url()).request("signup", Map.of("tenant", id)));
    return new Tenant(id, made.path("secret").asText());
  }

  /** Lets callers of one tenant reach an agent of another. */
  void openChannel(Tenant from, Tenant to, String agent) throws Exception {
    JsonNode proposed =
        get(
            rest(from)
                .request(
                    "channel.propose", Map.of("from", from.id(), "to", to.id() + "/" + agent)));
    get(rest(to).request("channel.accept", Map.of("id", proposed.at("/channel/id").asText())));
  }

  void defineRemoteAgent(Tenant owner, String agent) throws Exception {
    get(rest(owner).request("agents.create", Map.of("name", agent, "kind", "remote")));
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  static ParleyException assertRefused(ErrorCode code, CompletableFuture<?> refused) {
    ExecutionException failure = assertThrows(ExecutionException.class, () -> get(refused));
    ParleyException refusal = assertInstanceOf(ParleyException.class, failure.getCause());
    assertEquals(code, refusal.code(), refusal::text);
    return refusal;
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
  }

  private static void delete(Path directory) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(directory)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : deepestFirst) {
      Files.delete(each);
    }
  }
}
