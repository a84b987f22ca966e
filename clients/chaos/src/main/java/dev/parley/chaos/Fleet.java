package dev.parley.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** The hubs of a cluster and their Redis. */
final class Fleet implements AutoCloseable {
  private static final String MANY = "1000000000";

  private final Path directory;
  private final RedisServer redis;
  private final List<HubNode> nodes = new ArrayList<>();

  private Fleet(Path directory, RedisServer redis) {
    this.directory = directory;
    this.redis = redis;
  }

  /** Starts all processes and waits until they serve. */
  static Fleet start(Path directory, int nodes) throws IOException, InterruptedException {
    int[] ports = freePorts(2 * nodes + 1);
    Fleet fleet = new Fleet(directory, new RedisServer(directory, ports[2 * nodes]));
    try {
      fleet.redis.start();
      Path secret = directory.resolve("cluster.secret");
      byte[] random = new byte[32];
      new SecureRandom().nextBytes(random);
      Files.writeString(secret, HexFormat.of().formatHex(random));
      Path data = fleet.data();
      List<String> members = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        members.add("127.0.0.1:" + ports[nodes + i]);
      }
      for (int i = 0; i < nodes; i++) {
        String name = "node-" + (i + 1);
        List<String> options =
            List.of(
                "--cluster",
                "--cluster-secret-file",
                secret.toString(),
                "--cluster-port",
                Integer.toString(ports[nodes + i]),
                "--cluster-members",
                String.join(",", members),
                "--redis",
                fleet.redis.url(),
                "--data",
                data.toString(),
                "--address-sign-ups-per-hour",
                MANY,
                "--sign-ups-per-hour",
                MANY);
        HubNode node = new HubNode(name, ports[i], directory, options);
        fleet.nodes.add(node);
        node.launch();
        if (i == 0) {
          node.awaitReady();
        }
      }
      for (HubNode node : fleet.nodes) {
        node.awaitReady();
      }
      return fleet;
    } catch (IOException | InterruptedException | RuntimeException e) {
      fleet.close();
      throw e;
    }
  }

  private static int[] freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      int[] ports = new int[count];
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        sockets.add(socket);
        ports[i] = socket.getLocalPort();
      }
      return ports;
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  private Path data() {
    return directory.resolve("data");
  }

  RedisServer redis() {
    return redis;
  }

  List<HubNode> nodes() {
    return List.copyOf(nodes);
  }

  /** The key of the platform's administrator. */
  String adminKey() throws IOException {
    return Files.readString(data().resolve("admin.key")).strip();
  }

  @Override
  public void close() {
    nodes.forEach(HubNode::close);
    redis.close();
  }
}
