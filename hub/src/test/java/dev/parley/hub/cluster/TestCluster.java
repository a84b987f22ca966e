package dev.parley.hub.cluster;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.parley.hub.HubExtension;
import dev.parley.hub.NodeProcess;
import dev.parley.hub.store.TcpRedis;
import dev.parley.protocol.address.AgentAddress;
import io.vertx.core.http.WebSocketClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Nodes on one Redis: the first in this JVM, the others in JVMs of their own, so that they can be
 * killed and stopped as machines fail.
 */
final class TestCluster implements AutoCloseable {
  static final String SECRET = "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6";

  private final Path directory;
  private final TcpRedis redis;
  private final int port;
  private final Map<String, String> shared = new LinkedHashMap<>();
  private final List<NodeProcess> others = new ArrayList<>();
  private final HubExtension first;
  private final WebSocketClient sockets;

  private TestCluster(Path directory, TcpRedis redis, String... settings) throws IOException {
    this.directory = directory;
    this.redis = redis;
    this.port = TcpRedis.freePort();
    Path secret = Files.writeString(directory.resolve("secret"), SECRET + "\n");
    shared.put("cluster", "true");
    shared.put("redis", "redis://" + redis.address());
    shared.put("cluster-secret-file", secret.toString());
    shared.put("cluster-members", address());
    shared.put("offline-pacing-ms", "0");
    shared.put("redis-timeout-ms", "10000");
    put(shared, settings);
    Map<String, String> own = new LinkedHashMap<>(shared);
    own.put("cluster-port", Integer.toString(port));
    first =
        HubExtension.with(
                own.entrySet().stream()
                    .flatMap(setting -> Stream.of(setting.getKey(), setting.getValue()))
                    .toArray(String[]::new))
            .start();
    sockets = first.vertx().createWebSocketClient();
  }

  /**
   * Starts the first node.
   *
   * @param directory of a Redis, and of each node whose settings name no other
   * @param settings of every node, names and values in turn
   */
  static TestCluster start(Path directory, String... settings) throws IOException {
    TcpRedis redis = TcpRedis.start(directory);
    try {
      return new TestCluster(directory, redis, settings);
    } catch (IOException | RuntimeException | Error e) {
      redis.close();
      throw e;
    }
  }

  private static void put(Map<String, String> options, String... settings) {
    for (int i = 0; i < settings.length; i += 2) {
      options.put(settings[i], settings[i + 1]);
    }
  }

  HubExtension first() {
    return first;
  }

  /** What opens sockets to the other nodes. */
  WebSocketClient sockets() {
    return sockets;
  }

  /** Where the first node lets others in. */
  String address() {
    return "127.0.0.1:" + port;
  }

  /**
   * Starts another node; ask for its port to wait until it listens. It ends with the cluster.
   *
   * @param settings instead of those of every node, or beside them
   */
  NodeProcess node(String name, String... settings) throws IOException {
    Map<String, String> own = new LinkedHashMap<>(shared);
    own.put("cluster-port", Integer.toString(TcpRedis.freePort()));
    put(own, settings);
    NodeProcess node = NodeProcess.start(directory.resolve(name), own);
    others.add(node);
    return node;
  }

  private HazelcastInstance member() {
    return Hazelcast.getAllHazelcastInstances().stream()
        .filter(one -> one.getCluster().getLocalMember().getAddress().getPort() == port)
        .findFirst()
        .orElseThrow();
  }

  /** Whether the first node is the place of this agent now. */
  boolean isPlaceOf(String agent) {
    return member()
        .getPartitionService()
        .getPartition(AgentAddress.parse(agent).toString())
        .getOwner()
        .localMember();
  }

  /** Whether no place is on its way to another node. */
  boolean hasSettled() {
    return member().getPartitionService().isClusterSafe();
  }

  @Override
  public void close() {
    others.forEach(NodeProcess::close);
    first.close();
    redis.close();
  }
}
