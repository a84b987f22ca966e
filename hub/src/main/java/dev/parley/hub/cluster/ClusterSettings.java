package dev.parley.hub.cluster;

import dev.parley.protocol.error.ParleyException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * How this node joins the others.
 *
 * @param host address that the cluster's sockets are bound to; a loopback address
 * @param port of membership; the event bus picks a port of its own
 * @param members {@code host:port} of nodes to look for; this node may be among them
 * @param secret shared by all nodes
 */
public record ClusterSettings(String host, int port, List<String> members, String secret) {
  /** The shortest secret: 128 bits in hexadecimal. */
  public static final int MIN_SECRET = 32;

  /**
   * Validates.
   *
   * @throws ParleyException {@code invalid_request}
   */
  public ClusterSettings {
    members = List.copyOf(members);
    requireLoopback("cluster-host", host);
    for (String member : members) {
      int colon = member.lastIndexOf(':');
      if (colon <= 0 || !member.substring(colon + 1).matches("[0-9]{1,5}")) {
        throw ParleyException.invalid(
            "cluster-members", "--cluster-members takes host:port,…; %s is none".formatted(member));
      }
      requireLoopback("cluster-members", member.substring(0, colon));
    }
    if (secret.length() < MIN_SECRET) {
      throw ParleyException.invalid(
          "cluster-secret-file",
          "the cluster secret has %d characters and needs at least %d; make one with: openssl rand -hex 32"
              .formatted(secret.length(), MIN_SECRET));
    }
  }

  private static void requireLoopback(String setting, String host) {
    boolean loopback;
    try {
      loopback = InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      loopback = false;
    }
    if (!loopback) {
      throw ParleyException.invalid(
          setting,
          "--%s %s: traffic between nodes is not encrypted, so a hub takes only loopback addresses such as 127.0.0.1 for it"
              .formatted(setting, host));
    }
  }

  @Override
  public String toString() {
    return "cluster at %s:%d of %s".formatted(host, port, members);
  }
}
