package dev.parley.hub.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A Redis Cluster of three masters, one of which has a replica. */
final class TcpRedisCluster implements AutoCloseable {
  static final int MASTERS = 3;

  private final Path directory;
  private final List<TcpRedis> nodes = new ArrayList<>();

  private TcpRedisCluster(Path directory) {
    this.directory = directory;
  }

  static TcpRedisCluster start(Path directory, int masterWithReplica) throws IOException {
    TcpRedisCluster cluster = new TcpRedisCluster(directory);
    try {
      cluster.form(masterWithReplica);
    } catch (IOException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
    return cluster;
  }

  private void form(int masterWithReplica) throws IOException {
    List<Integer> buses = new ArrayList<>();
    for (int i = 0; i <= MASTERS; i++) {
      int bus = TcpRedis.freePort();
      buses.add(bus);
      nodes.add(
          TcpRedis.start(
              Files.createDirectory(directory.resolve("node-" + i)),
              "--cluster-enabled",
              "yes",
              "--cluster-port",
              Integer.toString(bus),
              "--cluster-node-timeout",
              "1000",
              "--cluster-require-full-coverage",
              "no",
              "--repl-diskless-sync-delay",
              "0"));
    }
    for (int i = 0; i < MASTERS; i++) {
      int first = i * HashSlot.COUNT / MASTERS;
      int last = (i + 1) * HashSlot.COUNT / MASTERS - 1;
      tell(nodes.get(i), "CLUSTER ADDSLOTSRANGE %d %d".formatted(first, last));
      tell(nodes.get(i), "CLUSTER SET-CONFIG-EPOCH " + (i + 1));
    }
    for (int i = 1; i <= MASTERS; i++) {
      tell(
          nodes.get(0),
          "CLUSTER MEET 127.0.0.1 %d %d".formatted(nodes.get(i).port(), buses.get(i)));
    }
    TcpRedis replica = nodes.get(MASTERS);
    for (TcpRedis node : nodes) {
      Eventually.holds(
          "a cluster",
          () -> {
            String info = node.ask("CLUSTER INFO");
            return info.contains("cluster_state:ok")
                && info.contains("cluster_known_nodes:" + (MASTERS + 1));
          });
    }
    tell(replica, "CLUSTER REPLICATE " + id(nodes.get(masterWithReplica)));
    Eventually.holds(
        "a replica", () -> replica.ask("INFO replication").contains("master_link_status:up"));
    for (TcpRedis node : nodes) {
      Eventually.holds(
          "the replica in all views", () -> node.ask("CLUSTER NODES").contains("slave"));
    }
  }

  private static String id(TcpRedis node) throws IOException {
    return node.ask("CLUSTER MYID").lines().skip(1).findFirst().orElseThrow();
  }

  private static void tell(TcpRedis node, String command) throws IOException {
    String answer = node.ask(command);
    if (!answer.startsWith("+OK")) {
      throw new IOException(command + ": " + answer);
    }
  }

  /** Which master has the keys of this keyspace at the start. */
  static int masterOf(Keyspace keys) {
    int slot = HashSlot.of(keys.key("any"));
    int master = 0;
    while (slot >= (master + 1) * HashSlot.COUNT / MASTERS) {
      master++;
    }
    return master;
  }

  String url() {
    return "redis-cluster://"
        + nodes.subList(0, MASTERS).stream()
            .map(TcpRedis::address)
            .collect(Collectors.joining(","));
  }

  /**
   * Begins to move the slot of a key to another master, with that key: the slot is in two halves.
   */
  void beginToMove(Key key, int from, int to) throws IOException {
    int slot = HashSlot.of(key);
    tell(nodes.get(to), "CLUSTER SETSLOT %d IMPORTING %s".formatted(slot, id(nodes.get(from))));
    tell(nodes.get(from), "CLUSTER SETSLOT %d MIGRATING %s".formatted(slot, id(nodes.get(to))));
    int port = nodes.get(to).port();
    tell(nodes.get(from), "MIGRATE 127.0.0.1 %d %s 0 5000".formatted(port, key.value()));
  }

  void endMove(Key key, int from, int to) throws IOException {
    String command = "CLUSTER SETSLOT %d NODE %s".formatted(HashSlot.of(key), id(nodes.get(to)));
    tell(nodes.get(to), command);
    tell(nodes.get(from), command);
  }

  void kill(int master) {
    nodes.get(master).kill();
  }

  @Override
  public void close() {
    nodes.forEach(TcpRedis::close);
  }
}
