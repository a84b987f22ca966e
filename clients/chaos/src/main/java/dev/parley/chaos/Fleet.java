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
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The hubs of a cluster and their Redis. */
final class Fleet implements AutoCloseable {
  private static final String MANY = "1000000000";
  private static final String WORD_MS = "20";

  private final Path directory;
  private final RedisServer redis;
  private final @Nullable Network network;
  private final @Nullable Disk disk;
  private final List<HubNode> nodes = new ArrayList<>();
  private final List<NodeClock> clocks = new ArrayList<>();

  private Fleet(Path directory, Plan plan, int redisPort) throws IOException, InterruptedException {
    this.directory = directory;
    this.network = plan.faults().contains(Fault.Kind.CUT) ? Network.open(plan.nodes()) : null;
    this.redis =
        new RedisServer(directory, redisPort, network == null ? List.of() : network.ofRedis());
    this.disk = plan.faults().contains(Fault.Kind.DISK) ? Disk.mount(data()) : null;
  }

  /** Starts all processes and waits until they serve. */
  static Fleet start(Path directory, Plan plan) throws IOException, InterruptedException {
    int nodes = plan.nodes();
    int[] ports = freePorts(2 * nodes + 1);
    Fleet fleet = new Fleet(directory, plan, ports[2 * nodes]);
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
      @Nullable Path overlay =
          plan.without().contains(Plan.Safeguard.FENCING)
              ? Overlay.withoutFencing(directory)
              : null;
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
                "--offline-pacing-ms",
                WORD_MS,
                "--address-sign-ups-per-hour",
                MANY,
                "--sign-ups-per-hour",
                MANY);
        HubNode node =
            new HubNode(name, ports[i], directory, fleet.surroundings(plan, i, overlay), options);
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

  private HubNode.Surroundings surroundings(Plan plan, int node, @Nullable Path overlay)
      throws IOException {
    Map<String, String> environment = Map.of();
    if (plan.faults().contains(Fault.Kind.CLOCK)) {
      NodeClock clock = NodeClock.of(directory, "node-" + (node + 1));
      clocks.add(clock);
      environment = clock.environment();
    }
    List<String> launcher = network == null ? List.of() : network.ofNode(node);
    return new HubNode.Surroundings(launcher, environment, overlay);
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

  /** Of a plan that cuts lines. */
  Network network() {
    return Objects.requireNonNull(network, "the plan cuts no lines");
  }

  /** Of a plan that fills the disk. */
  Disk disk() {
    return Objects.requireNonNull(disk, "the plan fills no disk");
  }

  /** Of a plan that steps clocks. */
  NodeClock clock(int node) {
    return clocks.get(node);
  }

  List<HubNode> nodes() {
    return List.copyOf(nodes);
  }

  /** The key of the platform's administrator. */
  String adminKey() throws IOException {
    return Files.readString(data().resolve("admin.key")).strip();
  }

  @Override
  public void close() throws IOException {
    nodes.forEach(HubNode::close);
    redis.close();
    if (disk != null) {
      disk.close();
    }
  }
}
