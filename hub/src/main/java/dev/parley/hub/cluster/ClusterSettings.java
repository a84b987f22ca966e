package dev.parley.hub.cluster;

import dev.parley.protocol.error.ParleyException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * How this node joins the others.
 *
 * @param host address that the cluster's sockets are bound to and the other nodes connect to
 * @param port of membership
 * @param busPort of the event bus; 0 picks a free one
 * @param discovery how the other nodes are found
 * @param secret shared by all nodes
 * @param tls how the traffic is protected
 */
public record ClusterSettings(
    String host, int port, int busPort, Discovery discovery, String secret, TlsSettings tls) {
  /** The shortest secret: 128 bits in hexadecimal. */
  public static final int MIN_SECRET = 32;

  /**
   * Validates. Without TLS no address but a loopback one is taken.
   *
   * @throws ParleyException {@code invalid_request}
   */
  public ClusterSettings {
    if (secret.length() < MIN_SECRET) {
      throw ParleyException.invalid(
          "cluster-secret-file",
          "the cluster secret has %d characters and needs at least %d; make one with: openssl rand -hex 32"
              .formatted(secret.length(), MIN_SECRET));
    }
    if (tls.traffic() == ClusterTraffic.OFF) {
      requireLoopback("cluster-host", host);
      requireLoopback(discovery);
    }
    if (address("cluster-host", host).isAnyLocalAddress()) {
      throw ParleyException.invalid(
          "cluster-host",
          "--cluster-host %s: name the one address at which the other nodes reach this machine"
              .formatted(host));
    }
  }

  /** A node on a loopback address, whose traffic is not encrypted. */
  public static ClusterSettings onLoopback(int port, List<String> members, String secret) {
    return new ClusterSettings(
        "127.0.0.1", port, 0, new Discovery.Listed(members), secret, TlsSettings.OFF);
  }

  private static void requireLoopback(Discovery discovery) {
    if (!(discovery instanceof Discovery.Listed listed)) {
      throw ParleyException.invalid(
          "cluster-tls",
          "nodes that are found by DNS or Kubernetes talk over the network, so add --cluster-tls secret"
              + " (or certificates)");
    }
    listed.parsed().forEach(member -> requireLoopback("cluster-members", member.host()));
  }

  private static void requireLoopback(String setting, String host) {
    if (!address(setting, host).isLoopbackAddress()) {
      throw ParleyException.invalid(
          setting,
          "--%s %s: without TLS, traffic between nodes is not encrypted and takes only loopback addresses such as 127.0.0.1; add --cluster-tls secret (or certificates)"
              .formatted(setting, host));
    }
  }

  private static InetAddress address(String setting, String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw ParleyException.invalid(
          setting, "--%s %s: there is no such host".formatted(setting, host));
    }
  }

  @Override
  public String toString() {
    return "cluster at %s:%d, TLS %s".formatted(host, port, tls.traffic());
  }
}
