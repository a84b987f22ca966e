package dev.parley.hub.cluster;

import dev.parley.protocol.error.ParleyException;
import java.net.URI;
import java.util.List;

/** How a node finds the others; never by multicast. */
public sealed interface Discovery {

  /**
   * By name.
   *
   * @param members {@code host:port} of nodes to look for; this node may be among them
   */
  record Listed(List<String> members) implements Discovery {
    /**
     * Validates.
     *
     * @throws ParleyException {@code invalid_request}
     */
    public Listed {
      members = List.copyOf(members);
      for (String member : members) {
        HostPort.parse("cluster-members", member);
      }
    }

    /** The members in their parts. */
    List<HostPort> parsed() {
      return members.stream().map(member -> HostPort.parse("cluster-members", member)).toList();
    }
  }

  /**
   * By a DNS name, looked up again for as long as the node runs.
   *
   * @param name whose A and AAAA records are nodes, or, when it begins with {@code _}, whose SRV
   *     records are
   * @param server {@code host:port} of the DNS server; empty for the machine's
   */
  record Dns(String name, String server) implements Discovery {
    /**
     * Validates.
     *
     * @throws ParleyException {@code invalid_request}
     */
    public Dns {
      if (!name.matches("[A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63})*\\.?")) {
        throw ParleyException.invalid(
            "cluster-dns", "--cluster-dns %s: this is no DNS name".formatted(name));
      }
      if (!server.isEmpty()) {
        HostPort.parse("cluster-dns-server", server);
      }
    }
  }

  /**
   * By the endpoints of a service of Kubernetes.
   *
   * @param api URL of its API server
   */
  record Kubernetes(String namespace, String service, URI api) implements Discovery {
    private static final String NAME = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

    /**
     * Reads {@code namespace/service}.
     *
     * @throws ParleyException {@code invalid_request}
     */
    public static Kubernetes parse(String text, URI api) {
      if (!text.matches(NAME + "/" + NAME)) {
        throw ParleyException.invalid(
            "cluster-kubernetes",
            "--cluster-kubernetes takes namespace/service; %s is none".formatted(text));
      }
      int slash = text.indexOf('/');
      return new Kubernetes(text.substring(0, slash), text.substring(slash + 1), api);
    }
  }
}
