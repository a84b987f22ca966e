package dev.parley.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real hub on a free port with a Redis of its own, as its users and its attackers meet it: one
 * for each test class, on a directory of its own. The tests of a class share it, so let each sign
 * up tenants of its own.
 *
 * <pre>{@code
 * @RegisterExtension static final HubExtension HUB = HubExtension.with("tick-interval-ms", "1000");
 * }</pre>
 */
public final class HubExtension implements BeforeAllCallback, AfterAllCallback, AutoCloseable {
  private static final AtomicInteger TENANTS = new AtomicInteger();
  private static final int LARGEST_ANSWER = 64 << 20;

  private final Map<String, String> options;
  private final HttpClient http = HttpClient.newHttpClient();
  private Path data;
  private Vertx vertx;
  private WebSocketClient sockets;
  private Hub hub;

  /** A tenant that a test has signed up. */
  public record Member(String tenant, String key) {
    /** The address of one of its agents. */
    public String agent(String id) {
      return tenant + "/" + id;
    }
  }

  /** A REST answer; the body is JSON, or missing when there is none. */
  public record Answer(int status, String text, Map<String, String> headers) {
    public JsonNode body() {
      return text.isEmpty() ? Json.mapper().missingNode() : Json.parse("body", text);
    }

    public String errorCode() {
      return body().path("error").path("code").asText();
    }

    @Override
    public String toString() {
      return status + " " + text;
    }
  }

  private HubExtension(Map<String, String> options) {
    this.options = options;
  }

  /** A hub with these settings beside those that every test wants; names and values in turn. */
  public static HubExtension with(String... settings) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("port", "0");
    options.put("offline-pacing-ms", "0");
    options.put("fsync", "everysec");
    options.put("drain-timeout-ms", "0");
    options.put("address-sign-ups-per-hour", "1000000");
    options.put("sign-ups-per-hour", "1000000");
    options.put("address-auth-failures-per-minute", "1000000");
    for (int i = 0; i < settings.length; i += 2) {
      options.put(settings[i], settings[i + 1]);
    }
    return new HubExtension(options);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    start();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  /** Starts the hub, on a new directory unless the setting {@code data} names one. */
  public HubExtension start() {
    if (data == null) {
      data = options.containsKey("data") ? Path.of(options.get("data")) : newDirectory();
    }
    vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
    hub = await(Hub.start(vertx, settings(), Map.of()));
    WebSocketClientOptions client =
        new WebSocketClientOptions()
            .setMaxFrameSize(LARGEST_ANSWER)
            .setMaxMessageSize(LARGEST_ANSWER)
            .setMaxConnections(10_000);
    sockets = vertx.createWebSocketClient(client);
    return this;
  }

  /** Stops the hub and keeps its directory, so that {@link #start} goes on with it. */
  public void stop() {
    await(hub.close());
    await(vertx.close());
    hub = null;
  }

  @Override
  public void close() {
    if (hub != null) {
      stop();
    }
    if (data != null && !options.containsKey("data")) {
      deleteTree(data);
      data = null;
    }
  }

  /** Lets go of what an attempt to start has left. */
  void abandon() {
    await(vertx.close());
    close();
  }

  /** The event bus between this node and the others of its cluster, for tests that disturb it. */
  public EventBus busOfCluster() {
    Object vertx = field(field(field(hub, "membership"), "cluster"), "vertx");
    return ((Vertx) vertx).eventBus();
  }

  private static Object field(Object of, String name) {
    try {
      Field field = of.getClass().getDeclaredField(name);
      field.setAccessible(true);
      return field.get(of);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** The settings that the hub starts with. */
  public Settings settings() {
    Map<String, String> all = new LinkedHashMap<>(options);
    all.put("data", data.toString());
    return Settings.of(all, Map.of());
  }

  public Path data() {
    return data;
  }

  public Vertx vertx() {
    return vertx;
  }

  public int port() {
    return hub.port();
  }

  /** The platform's first key. */
  public String adminKey() {
    try {
      return Files.readString(hub.adminKeyFile()).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Signs up a tenant that no other test has, with the hosted agent {@code main}. */
  public Member signUp() {
    String tenant = "tenant-" + TENANTS.incrementAndGet();
    Answer answer = rest("POST", "/v1/signup", "", Json.object().put("tenant", tenant));
    if (answer.status() != 200) {
      throw new AssertionError("no sign-up: " + answer);
    }
    return new Member(tenant, answer.body().path("secret").asText());
  }

  /** Makes a key of the tenant and answers its secret. */
  public String newKey(Member member, String role) {
    return newKey(member, Json.object().put("role", role)).path("secret").asText();
  }

  /** Makes a key of the tenant: {@code key} and {@code secret}. */
  public JsonNode newKey(Member member, ObjectNode params) {
    return succeed("POST", "/v1/keys", member.key(), params);
  }

  /** Gives a tenant limits that do not get in the way of a flood. */
  public Member unmetered(Member member) {
    succeed(
        "PATCH",
        "/v1/admin/tenants/" + member.tenant(),
        adminKey(),
        Json.object().put("plan", "unmetered"));
    return member;
  }

  /** Defines a remote agent, which is offline until somebody connects as it. */
  public void defineRemote(Member owner, String agent) {
    succeed(
        "POST", "/v1/agents", owner.key(), Json.object().put("name", agent).put("kind", "remote"));
  }

  /**
   * Lets one tenant call an agent of another, both agreeing; answers the channel as it is active.
   *
   * @param terms beside {@code from} and {@code to}
   */
  public JsonNode openChannel(Member from, Member to, String agent, ObjectNode terms) {
    terms.put("from", from.tenant()).put("to", to.agent(agent));
    JsonNode proposed = succeed("POST", "/v1/channels", from.key(), terms).path("channel");
    String path = "/v1/channels/" + proposed.path("id").asText() + "/accept";
    return succeed("POST", path, to.key(), Json.object()).path("channel");
  }

  /** A request that must succeed. */
  public JsonNode succeed(String method, String path, String key, ObjectNode body) {
    Answer answer = rest(method, path, key, body);
    if (answer.status() != 200) {
      throw new AssertionError("%s %s: %s".formatted(method, path, answer));
    }
    return answer.body();
  }

  public Answer get(String path, String key) {
    return rest(method("GET", path, key).GET());
  }

  public Answer rest(String method, String path, String key, ObjectNode body) {
    return rest(
        method(method, path, key)
            .method(method, HttpRequest.BodyPublishers.ofString(Json.write(body))));
  }

  public Answer rest(String method, String path, String key, byte[] body) {
    return rest(
        method(method, path, key).method(method, HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  /** A request in the making, for tests that set headers themselves. */
  public HttpRequest.Builder method(String method, String path, String key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
            .timeout(Duration.ofSeconds(30))
            .method(method, HttpRequest.BodyPublishers.noBody());
    return key.isEmpty() ? request : request.header("Authorization", "Bearer " + key);
  }

  public Answer rest(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      Map<String, String> headers = new LinkedHashMap<>();
      response.headers().map().forEach((name, values) -> headers.put(name, values.get(0)));
      return new Answer(response.statusCode(), response.body(), headers);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A socket after its handshake as a person. */
  public Peer connect(String key) {
    Peer peer = open();
    peer.hello(key);
    return peer;
  }

  /** A socket after its handshake as the agent. */
  public Peer connectAgent(String key, String agent) {
    Peer peer = open();
    peer.hello(Peer.connectParams(key).put("role", "agent").put("agent", agent));
    return peer;
  }

  /** A socket before its handshake. */
  public Peer open() {
    ClientWebSocket socket = sockets.webSocket();
    Peer peer = new Peer(socket);
    await(socket.connect(connectOptions()));
    return peer;
  }

  /** Opens a socket with what the options say; fails when the hub refuses the upgrade. */
  public Future<io.vertx.core.http.WebSocket> dial(WebSocketConnectOptions options) {
    return sockets.connect(options);
  }

  public WebSocketConnectOptions connectOptions() {
    return new WebSocketConnectOptions().setHost("127.0.0.1").setPort(port()).setURI("/ws");
  }

  /** A bare TCP connection that has been upgraded to a WebSocket. */
  public RawSocket raw() {
    return RawSocket.upgrade(port());
  }

  /** What {@code GET /metrics} says of a meter without labels. */
  public double metric(String name) {
    return get("/metrics", adminKey())
        .text()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no metric " + name));
  }

  static <T> T await(Future<T> future) {
    try {
      return future.await(30, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("no result within 30 s", e);
    }
  }

  private static Path newDirectory() {
    try {
      return Files.createTempDirectory("parley-hub");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteTree(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
