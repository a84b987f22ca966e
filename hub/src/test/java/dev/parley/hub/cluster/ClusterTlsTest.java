package dev.parley.hub.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.NodeProcess;
import dev.parley.hub.Peer;
import dev.parley.hub.cluster.tls.ShownCertificate;
import dev.parley.hub.store.TcpRedis;
import dev.parley.protocol.frame.Json;
import io.vertx.core.http.WebSocketClient;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two hubs that talk over an address of this machine that other machines can reach. */
class ClusterTlsTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final String SECRET = "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6";

  @TempDir static Path directory;

  private static String address;
  private static int[] ports;
  private static TcpRedis redis;
  private static HubExtension first;
  private static NodeProcess second;
  private static WebSocketClient sockets;

  @BeforeAll
  static void startNodes() throws IOException {
    Optional<InetAddress> outward = outwardAddress();
    assumeTrue(outward.isPresent(), "this machine has no address but loopback");
    address = outward.get().getHostAddress();
    redis = TcpRedis.start(directory);
    ports =
        new int[] {
          TcpRedis.freePort(), TcpRedis.freePort(), TcpRedis.freePort(), TcpRedis.freePort()
        };
    Map<String, String> options = options(SECRET, ports[0], ports[1]);
    first =
        HubExtension.with(
                options.entrySet().stream()
                    .flatMap(
                        option -> java.util.stream.Stream.of(option.getKey(), option.getValue()))
                    .toArray(String[]::new))
            .start();
    sockets = first.vertx().createWebSocketClient();
    second = NodeProcess.start(directory.resolve("second"), options(SECRET, ports[2], ports[3]));
    second.port();
  }

  @AfterAll
  static void stopNodes() throws Exception {
    for (AutoCloseable part : new AutoCloseable[] {second, first, redis}) {
      if (part != null) {
        part.close();
      }
    }
  }

  static Optional<InetAddress> outwardAddress() throws IOException {
    return Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(Inet4Address.class::isInstance)
        .filter(candidate -> !candidate.isLoopbackAddress())
        .findFirst();
  }

  private static Map<String, String> options(String secret, int port, int busPort)
      throws IOException {
    Path file = Files.writeString(directory.resolve("secret-" + port), secret + "\n");
    Map<String, String> options = new TreeMap<>();
    options.put("cluster", "true");
    options.put("redis", "redis://" + redis.address());
    options.put("cluster-tls", "secret");
    options.put("cluster-secret-file", file.toString());
    options.put("cluster-host", address);
    options.put("cluster-port", Integer.toString(port));
    options.put("cluster-bus-port", Integer.toString(busPort));
    options.put("cluster-members", address + ":" + ports[0]);
    options.put("redis-timeout-ms", "10000");
    options.put("offline-pacing-ms", "0");
    return options;
  }

  private static ObjectNode call(Member owner, String text) {
    return Json.object()
        .put("to", owner.agent("main"))
        .put("payload", text)
        .put("timeoutMs", 20_000);
  }

  @Test
  void nodesFormAClusterAndCallsCross() {
    Member owner = first.signUp();
    try (Peer onFirst = first.connect(owner.key());
        Peer onSecond = second.connect(sockets, owner.key())) {
      for (Peer caller : new Peer[] {onFirst, onSecond}) {
        JsonNode answer = caller.ask("agent.call", call(owner, "repeat 3 x"));
        assertEquals("x x x", answer.at("/payload/payload/text").asText(), answer.toString());
      }
    }
    assertEquals(2, first.metric("parley_cluster_nodes"));
  }

  @Test
  void aHubWithAnotherSecretIsRefusedByTlsAndBothSidesSaySo() throws IOException {
    Map<String, String> options =
        options(SECRET.replace('5', '6'), TcpRedis.freePort(), TcpRedis.freePort());
    options.put("cluster-members", address + ":" + ports[2]);
    try (NodeProcess stranger = NodeProcess.start(directory.resolve("stranger"), options)) {
      String end = stranger.end();
      assertTrue(
          end.contains("refused: the cluster member %s:%d".formatted(address, ports[2])), end);
      assertTrue(end.contains("(TLS: "), end);
    }
    await().atMost(LONGEST).until(() -> second.log().contains("refused /" + address));
    assertEquals(2, first.metric("parley_cluster_nodes"));
  }

  @Test
  void whoSpeaksNoTlsIsHungUpOnAtBothPorts() throws IOException {
    List<Socket> sockets = new ArrayList<>();
    for (int port : ports) {
      for (String words : List.of("HZC and more", "GET / HTTP/1.1\r\n\r\n")) {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(address, port), 5_000);
        socket.setSoTimeout(15_000);
        socket.getOutputStream().write(words.getBytes(StandardCharsets.US_ASCII));
        sockets.add(socket);
      }
    }
    for (Socket socket : sockets) {
      assertFalse(untilHungUp(socket).contains("HZC"), socket.toString());
    }
  }

  @Test
  void whoShowsNoCertificateOrAForeignOneIsRefusedAtBothPorts() throws Exception {
    KeyManager[] own = ShownCertificate.of(first.vertx(), SECRET);
    KeyManager[] foreign = ShownCertificate.of(first.vertx(), SECRET.replace('5', '6'));
    for (int port : ports) {
      assertThrows(
          SocketTimeoutException.class,
          () -> hearing(port, own, 2_000),
          "port %d takes a node, and waits for what it says".formatted(port));
      for (KeyManager[] shown : new KeyManager[][] {{}, foreign}) {
        assertEquals("", heard(port, shown), "port " + port);
      }
    }
  }

  /** Nothing when the port refuses the client; fails when it lets it wait. */
  private static String heard(int port, KeyManager[] shown) throws Exception {
    try {
      return hearing(port, shown, 15_000);
    } catch (SSLException | SocketException refused) {
      return "";
    }
  }

  /** What a port says to a client that trusts everybody and says nothing, until it hangs up. */
  private static String hearing(int port, KeyManager[] shown, int patienceMs) throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(shown, new TrustManager[] {new TrustsEverybody()}, null);
    try (Socket plain = new Socket()) {
      plain.connect(new InetSocketAddress(address, port), 5_000);
      plain.setSoTimeout(patienceMs);
      SSLSocket socket =
          (SSLSocket) context.getSocketFactory().createSocket(plain, address, port, false);
      socket.startHandshake();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private static final class TrustsEverybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** What a port says to somebody without TLS; fails when it does not hang up. */
  private static String untilHungUp(Socket socket) throws IOException {
    try (socket) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (SocketException reset) {
      return "";
    }
  }
}
