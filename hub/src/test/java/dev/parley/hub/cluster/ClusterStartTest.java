package dev.parley.hub.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.Hub;
import dev.parley.hub.NodeProcess;
import dev.parley.hub.settings.Settings;
import dev.parley.hub.store.TcpRedis;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a hub refuses to start a cluster with, and what it costs a hub that has none. */
class ClusterStartTest {
  private static final String SECRET = "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6";

  @TempDir static Path directory;

  private static Vertx vertx;

  @BeforeAll
  static void startVertx() {
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void stopVertx() throws Exception {
    vertx.close().await(20, TimeUnit.SECONDS);
  }

  /** Settings that only lack a Redis that answers; the pairs replace or add some. */
  private static String refusal(Map<String, String> environment, String... pairs) {
    Map<String, String> options = new TreeMap<>();
    options.put("cluster", "true");
    options.put("port", "0");
    options.put("data", directory.resolve("data").toString());
    options.put("redis", "redis://127.0.0.1:1");
    for (int i = 0; i < pairs.length; i += 2) {
      options.put(pairs[i], pairs[i + 1]);
    }
    Settings settings = Settings.of(options, Map.of());
    ParleyException refused =
        assertThrows(
            ParleyException.class,
            () -> Hub.start(vertx, settings, environment).await(20, TimeUnit.SECONDS));
    assertEquals(1, refused.text().lines().count(), refused.text());
    return refused.code() == ErrorCode.INVALID_REQUEST
        ? refused.details().get("field") + ": " + refused.text()
        : refused.text();
  }

  private static void assertNames(String refusal, String setting, String reason) {
    assertTrue(refusal.startsWith(setting + ": "), refusal);
    assertTrue(refusal.contains(reason), refusal);
  }

  @Test
  void withoutASharedRedis() {
    assertNames(
        refusal(Map.of("PARLEY_CLUSTER_SECRET", SECRET), "redis", ""),
        "redis",
        "needs a Redis that all nodes reach");
  }

  @Test
  void withoutASecret() {
    assertNames(refusal(Map.of()), "cluster-secret-file", "PARLEY_CLUSTER_SECRET");
  }

  @Test
  void withASecretThatCanBeGuessed() {
    assertNames(
        refusal(Map.of("PARLEY_CLUSTER_SECRET", "hunter2")),
        "cluster-secret-file",
        "has 7 characters and needs at least 32");
  }

  @Test
  void withASecretFileThatIsNotThere() {
    assertNames(
        refusal(Map.of(), "cluster-secret-file", directory.resolve("absent").toString()),
        "cluster-secret-file",
        "absent cannot be read");
  }

  @Test
  void onAnAddressThatOthersReach() {
    for (String address : List.of("0.0.0.0", "10.1.2.3", "::")) {
      assertNames(
          refusal(Map.of("PARLEY_CLUSTER_SECRET", SECRET), "cluster-host", address),
          "cluster-host",
          "not encrypted");
    }
  }

  @Test
  void withMembersElsewhereOrNone() {
    Map<String, String> environment = Map.of("PARLEY_CLUSTER_SECRET", SECRET);
    assertNames(
        refusal(environment, "cluster-members", "127.0.0.1:8421,10.1.2.3:8421"),
        "cluster-members",
        "10.1.2.3");
    assertNames(
        refusal(environment, "cluster-members", "127.0.0.1"), "cluster-members", "host:port");
  }

  @Test
  void onOtherAddressesThanLoopbackWithoutTlsAndSaysWhatToDo() {
    Map<String, String> environment = Map.of("PARLEY_CLUSTER_SECRET", SECRET);
    assertNames(
        refusal(environment, "cluster-host", "10.1.2.3"), "cluster-host", "add --cluster-tls");
    assertNames(
        refusal(environment, "cluster-dns", "hubs.example.com"),
        "cluster-tls",
        "add --cluster-tls secret");
    assertNames(
        refusal(environment, "cluster-kubernetes", "agents/parley"),
        "cluster-tls",
        "add --cluster-tls secret");
  }

  @Test
  void onAllAddressesEvenWithTls() {
    assertNames(
        refusal(
            Map.of("PARLEY_CLUSTER_SECRET", SECRET),
            "cluster-host",
            "0.0.0.0",
            "cluster-tls",
            "secret"),
        "cluster-host",
        "name the one address");
  }

  @Test
  void withCertificatesThatAreMissingOrServeNothing() {
    Map<String, String> environment = Map.of("PARLEY_CLUSTER_SECRET", SECRET);
    assertNames(
        refusal(environment, "cluster-tls", "certificates", "cluster-tls-cert-file", "a.pem"),
        "cluster-tls-ca-file",
        "needs --cluster-tls-ca-file");
    assertNames(
        refusal(environment, "cluster-tls", "secret", "cluster-tls-cert-file", "a.pem"),
        "cluster-tls-cert-file",
        "serves --cluster-tls certificates only");
  }

  @Test
  void withTwoWaysToFindTheOthersOrABadOne() {
    Map<String, String> environment = Map.of("PARLEY_CLUSTER_SECRET", SECRET);
    assertNames(
        refusal(environment, "cluster-dns", "a.test", "cluster-kubernetes", "agents/parley"),
        "cluster-members",
        "give one of");
    assertNames(refusal(environment, "cluster-dns", "a..b"), "cluster-dns", "no DNS name");
    assertNames(
        refusal(environment, "cluster-kubernetes", "parley"),
        "cluster-kubernetes",
        "takes namespace/service");
  }

  @Test
  void aHubOfItsOwnStartsNothingOfHazelcast() throws IOException {
    Path loaded = directory.resolve("loaded");
    try (TcpRedis redis = TcpRedis.start(directory);
        NodeProcess alone =
            NodeProcess.start(
                directory.resolve("alone"),
                Map.of("redis", "redis://" + redis.address()),
                "-Xlog:class+load:file=" + loaded)) {
      alone.port();
      List<String> classes;
      try (var lines = Files.lines(loaded)) {
        classes = lines.filter(line -> line.contains(" com.hazelcast.")).toList();
      }
      assertTrue(
          classes.size() <= 5,
          "more than the interfaces that Vert.x sees when it looks for adapters: " + classes);
    }
  }

  @Test
  void theTagOfAMessageCoversEveryPartOfIt() {
    ClusterKeys keys = new ClusterKeys(SECRET);
    String tag = keys.tag("to", "from", "deliver", "1", "text");
    assertTrue(new ClusterKeys(SECRET).fits(tag, "to", "from", "deliver", "1", "text"));
    for (String[] other :
        new String[][] {
          {"other", "from", "deliver", "1", "text"},
          {"to", "other", "deliver", "1", "text"},
          {"to", "from", "cancel", "1", "text"},
          {"to", "from", "deliver", "2", "text"},
          {"to", "from", "deliver", "1", "other"},
          {"to", "from", "deliver", "1t", "ext"}
        }) {
      assertTrue(!keys.fits(tag, other), String.join(" ", other));
    }
    assertTrue(!new ClusterKeys(SECRET + "x").fits(tag, "to", "from", "deliver", "1", "text"));
  }
}
