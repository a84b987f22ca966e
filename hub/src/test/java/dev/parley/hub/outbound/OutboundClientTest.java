package dev.parley.hub.outbound;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A server that a tenant's name leads to, and a resolver that changes its answers. The tests allow
 * the network of the server, as a public address cannot be had here.
 */
class OutboundClientTest {
  private static final OutboundLimits LIMITS = OutboundLimits.DEFAULTS;
  private static final List<String> LOOPBACK = List.of("127.0.0.1/32");

  private final Queue<String> seen = new ConcurrentLinkedQueue<>();
  private final AtomicInteger cut = new AtomicInteger();
  private Vertx vertx;
  private HttpServer server;
  private volatile Consumer<HttpServerRequest> answer = request -> request.response().end("hello");

  @BeforeEach
  void start() throws Exception {
    vertx = Vertx.vertx();
    server =
        vertx
            .createHttpServer()
            .requestHandler(
                request -> {
                  seen.add(request.method() + " " + request.authority() + request.path());
                  request.response().exceptionHandler(cause -> cut.incrementAndGet());
                  answer.accept(request);
                });
    server.listen(0, "127.0.0.1").await(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() {
    vertx.close().await();
  }

  @Test
  void aNameIsResolvedOnceAndItsAddressConnectedTo() {
    Script names = new Script("127.0.0.1");
    OutboundResponse response = get(client(LOOPBACK, names), url("names.invalid", "/a?b=c"));

    assertEquals(200, response.status());
    assertEquals("hello", response.body().toString());
    assertEquals(List.of("names.invalid"), names.asked);
    assertEquals(
        List.of("GET names.invalid:%d/a".formatted(server.actualPort())), List.copyOf(seen));
  }

  @Test
  void aNameThatChangesItsMindGainsNothing() {
    OutboundClient client = client(LOOPBACK, new Script("127.0.0.1", "127.0.0.9"));
    get(client, url("rebind.invalid", "/"));
    ParleyException refusal = failure(client, url("rebind.invalid", "/"), LIMITS);

    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertEquals("webhook", refusal.details().get("field"));
    assertEquals(1, seen.size());
    assertEquals(1, client.refused());
  }

  @Test
  void oneBadAddressAmongGoodOnesIsRefused() {
    Script names = new Script("127.0.0.1 169.254.169.254");

    assertEquals(
        ErrorCode.INVALID_REQUEST,
        failure(client(LOOPBACK, names), url("mixed.invalid", "/"), LIMITS).code());
    assertEquals(0, seen.size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "localhost",
        "[::1]",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "[64:ff9b::7f00:1]",
        "169.254.169.254"
      })
  void aTenantDoesNotReachTheOperatorsNetwork(String host) {
    OutboundClient client = new OutboundClient(vertx, OutboundSettings.defaults());

    assertEquals(ErrorCode.INVALID_REQUEST, failure(client, url(host, "/"), LIMITS).code());
    assertEquals(0, seen.size());
  }

  @Test
  void theOperatorReachesItsOwnNetwork() throws Exception {
    OutboundClient client = new OutboundClient(vertx, OutboundSettings.defaults());
    OutboundResponse response =
        client
            .forOperator()
            .send(OutboundRequest.get(url("localhost", "/")), LIMITS)
            .await(10, TimeUnit.SECONDS);

    assertEquals("hello", response.body().toString());
  }

  @Test
  void anotherAddressIsTriedWhereOneDoesNotAnswer() {
    Script names = new Script("127.0.0.7 127.0.0.1");

    assertEquals(
        200, get(client(List.of("127.0.0.0/29"), names), url("two.invalid", "/")).status());
  }

  @Test
  void aRedirectOnTheSameHostIsFollowedAndVettedAgain() {
    answer =
        request -> {
          if (request.path().equals("/a")) {
            request.response().setStatusCode(302).putHeader("Location", "/b").end();
          } else {
            request.response().end("b");
          }
        };

    assertEquals(
        "b",
        get(client(LOOPBACK, new Script("127.0.0.1")), url("same.invalid", "/a"))
            .body()
            .toString());
    ParleyException refusal =
        failure(
            client(LOOPBACK, new Script("127.0.0.1", "10.0.0.1")),
            url("same.invalid", "/a"),
            LIMITS);
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:%d/secret",
        "http://localhost:%d/secret",
        "https://away.invalid:%d/secret",
        "//localhost:%d/secret",
        "http://user@away.invalid:%d/secret",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "http://away.invalid:1/",
        "::not a url::"
      })
  void aRedirectToAnotherHostIsNotFollowed(String location) {
    String target = location.contains("%d") ? location.formatted(server.actualPort()) : location;
    answer =
        request -> request.response().setStatusCode(307).putHeader("Location", target).end("x");
    OutboundClient client = client(LOOPBACK, new Script("127.0.0.1"));
    ParleyException refusal = failure(client, url("away.invalid", "/a"), LIMITS);

    assertEquals(ErrorCode.FORBIDDEN, refusal.code());
    assertEquals("redirect", refusal.details().get("reason"));
    assertEquals(1, seen.size());
  }

  @Test
  void endlessRedirectsEnd() {
    answer = request -> request.response().setStatusCode(302).putHeader("Location", "/a").end();
    ParleyException refusal =
        failure(client(LOOPBACK, new Script("127.0.0.1")), url("loop.invalid", "/a"), LIMITS);

    assertEquals(ErrorCode.AGENT_FAILED, refusal.code());
    assertEquals(1 + LIMITS.maxRedirects(), seen.size());
  }

  @Test
  void aRedirectOfAPostIsTheAnswer() throws Exception {
    answer = request -> request.response().setStatusCode(307).putHeader("Location", "/b").end();
    OutboundRequest post =
        new OutboundRequest(
            "POST", url("post.invalid", "/a"), Map.of("X-A", "b"), Buffer.buffer("body"));
    OutboundResponse response =
        client(LOOPBACK, new Script("127.0.0.1"))
            .forTenants("webhook")
            .send(post, LIMITS)
            .await(10, TimeUnit.SECONDS);

    assertEquals(307, response.status());
    assertEquals(1, seen.size());
  }

  @Test
  void aLongAnswerIsCut() {
    Buffer block = Buffer.buffer(new byte[64 << 10]);
    answer =
        request -> {
          request.response().setChunked(true);
          vertx.setPeriodic(1, timer -> request.response().write(block));
        };
    ParleyException refusal =
        failure(client(LOOPBACK, new Script("127.0.0.1")), url("long.invalid", "/"), LIMITS);

    assertEquals(ErrorCode.AGENT_FAILED, refusal.code());
    await().until(() -> cut.get() == 1);
  }

  @Test
  void anAnswerOfTheFullLengthIsTaken() {
    answer = request -> request.response().end(Buffer.buffer(new byte[LIMITS.maxBytes()]));

    assertEquals(
        LIMITS.maxBytes(),
        get(client(LOOPBACK, new Script("127.0.0.1")), url("full.invalid", "/")).body().length());
  }

  @Test
  void aSlowAnswerEndsAtTheDeadlineHoweverOftenItDrips() {
    answer =
        request -> {
          request.response().setChunked(true);
          vertx.setPeriodic(20, timer -> request.response().write("."));
        };
    OutboundLimits brief = new OutboundLimits(1 << 20, Duration.ofMillis(500), 0);
    ParleyException refusal =
        failure(client(LOOPBACK, new Script("127.0.0.1")), url("slow.invalid", "/"), brief);

    assertEquals(ErrorCode.DEADLINE_EXCEEDED, refusal.code());
    await().until(() -> cut.get() == 1);
  }

  @Test
  void aResolverThatHangsEndsAtTheDeadline() {
    CountDownLatch released = new CountDownLatch(1);
    NameResolver hanging =
        host -> {
          try {
            released.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new UnknownHostException(host);
        };
    OutboundLimits brief = new OutboundLimits(1 << 20, Duration.ofMillis(200), 0);
    try {
      ParleyException refusal =
          failure(client(LOOPBACK, hanging), url("hangs.invalid", "/"), brief);
      assertEquals(ErrorCode.DEADLINE_EXCEEDED, refusal.code());
    } finally {
      released.countDown();
    }
  }

  @Test
  void nobodyThereIsUnavailable() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    OutboundClient client = client(LOOPBACK, new Script("127.0.0.1"));
    ParleyException refusal =
        failure(client, URI.create("http://gone.invalid:" + port + "/"), LIMITS);

    assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
    assertTrue(refusal.text().contains("connection refused"), refusal.text());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://a/",
        "file:///etc/passwd",
        "http:///a",
        "http://u:p@a/",
        "http://a:0/",
        "a"
      })
  void onlyTheWebIsCalled(String url) {
    assertThrows(ParleyException.class, () -> OutboundRequest.get(URI.create(url)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Host", "transfer-encoding", "Content-Length", "Connection"})
  void headersOfTheTransportAreNotSet(String name) {
    assertThrows(
        ParleyException.class,
        () -> new OutboundRequest("GET", URI.create("http://a/"), Map.of(name, "x"), null));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1", "10.0.0.0/33", "localhost/8", "10.0.0.0/x", "/8"})
  void aMalformedNetworkIsRefused(String network) {
    assertThrows(IllegalArgumentException.class, () -> new OutboundSettings(1, List.of(network)));
  }

  /** Answers each look-up with the next line of the script, the last one again and again. */
  private static final class Script implements NameResolver {
    final List<String> asked = new ArrayList<>();
    private final String[] lines;

    Script(String... lines) {
      this.lines = lines;
    }

    @Override
    public synchronized InetAddress[] resolve(String host) throws UnknownHostException {
      String line = lines[Math.min(asked.size(), lines.length - 1)];
      asked.add(host);
      List<InetAddress> addresses = new ArrayList<>();
      for (String address : line.split(" ", -1)) {
        addresses.add(InetAddress.getByName(address));
      }
      return addresses.toArray(InetAddress[]::new);
    }
  }

  private OutboundClient client(List<String> networks, NameResolver names) {
    return new OutboundClient(vertx, new OutboundSettings(4, networks), names);
  }

  private URI url(String host, String path) {
    return URI.create("http://" + host + ":" + server.actualPort() + path);
  }

  private static OutboundResponse get(OutboundClient client, URI url) {
    try {
      return client
          .forTenants("webhook")
          .send(OutboundRequest.get(url), LIMITS)
          .await(10, TimeUnit.SECONDS);
    } catch (java.util.concurrent.TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  private static ParleyException failure(OutboundClient client, URI url, OutboundLimits limits) {
    return assertThrows(
        ParleyException.class,
        () ->
            client
                .forTenants("webhook")
                .send(OutboundRequest.get(url), limits)
                .await(10, TimeUnit.SECONDS));
  }
}
