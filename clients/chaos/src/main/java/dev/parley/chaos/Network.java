package dev.parley.chaos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines between the hubs and to their Redis, which can be cut or made to lose packets. Each
 * process runs in a group of its own; nftables gives a connection one bit for each group that sends
 * on it, and drops what goes between two of them. All in the network namespace of the run.
 */
final class Network {
  private static final int FIRST_GROUP = 50_001;
  private static final int LOST_PER_CENT = 20;

  private final int nodes;

  private Network(int nodes) {
    this.nodes = nodes;
  }

  /** Why lines cannot be cut here; null when they can. */
  static @Nullable String lacking() {
    if (!Command.hasNamespaces()) {
      return "it needs root, for a network namespace of its own";
    }
    return Command.isThere("nft") && Command.isThere("setpriv")
        ? null
        : "it needs nft and setpriv; install them with: apt-get install nftables util-linux";
  }

  /** All lines are whole. */
  static Network open(int nodes) throws IOException, InterruptedException {
    StringBuilder rules = new StringBuilder("table inet chaos {\n  chain harm {\n  }\n");
    rules.append("  chain out {\n    type filter hook output priority mangle; policy accept;\n");
    for (int party = 0; party <= nodes; party++) {
      rules.append(
          "    meta skgid %d ct mark set ct mark | %d%n".formatted(group(party), bit(party)));
    }
    rules.append("  }\n  chain in {\n    type filter hook input priority filter; policy accept;\n");
    nft(rules.append("    jump harm\n  }\n}\n").toString());
    return new Network(nodes);
  }

  private static int group(int party) {
    return FIRST_GROUP + party;
  }

  private static int bit(int party) {
    return 1 << party;
  }

  /** What begins the command of a node's process. */
  List<String> ofNode(int node) {
    return launcher(node);
  }

  List<String> ofRedis() {
    return launcher(nodes);
  }

  private static List<String> launcher(int party) {
    return List.of("setpriv", "--regid", Integer.toString(group(party)), "--clear-groups", "--");
  }

  /** Between a node and all others nothing passes any more, or little. */
  void harmNodes(int node, boolean cut) throws IOException, InterruptedException {
    List<Integer> others = new ArrayList<>();
    for (int other = 0; other < nodes; other++) {
      if (other != node) {
        others.add(other);
      }
    }
    harm(node, others, cut);
  }

  void harmRedis(int node, boolean cut) throws IOException, InterruptedException {
    harm(node, List.of(nodes), cut);
  }

  private static void harm(int node, List<Integer> others, boolean cut)
      throws IOException, InterruptedException {
    StringBuilder rules = new StringBuilder();
    for (int other : others) {
      int both = bit(node) | bit(other);
      rules.append(
          "add rule inet chaos harm ct mark & %d == %d %sdrop%n"
              .formatted(
                  both, both, cut ? "" : "numgen random mod 100 < %d ".formatted(LOST_PER_CENT)));
    }
    nft(rules.toString());
  }

  void heal() throws IOException, InterruptedException {
    nft("flush chain inet chaos harm\n");
  }

  private static void nft(String rules) throws IOException, InterruptedException {
    Command.run(rules, "nft", "-f", "-");
  }
}
