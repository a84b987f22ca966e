package dev.parley.hub.outbound;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** Where a request may go: to public addresses, and to the networks that the operator allows. */
final class Networks {
  /** Every address there is. */
  static final Networks ALL = new Networks(List.of("0.0.0.0/0", "::/0"));

  private final List<IpSubnetFilterRule> allowed;

  /**
   * Public addresses and those of {@code networks}.
   *
   * @throws IllegalArgumentException when one is not {@code address/prefix length}
   */
  Networks(List<String> networks) {
    this.allowed = networks.stream().map(Networks::rule).toList();
  }

  boolean contain(InetAddress address) {
    InetSocketAddress socket = new InetSocketAddress(address, 0);
    return PublicAddresses.isPublic(address)
        || allowed.stream().anyMatch(rule -> rule.matches(socket));
  }

  private static IpSubnetFilterRule rule(String network) {
    int slash = network.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException(
          network + " is not a network, for example 10.1.0.0/16 or fd00:1::/32");
    }
    String address = network.substring(0, slash);
    int prefix = Integer.parseInt(network.substring(slash + 1));
    return new IpSubnetFilterRule(literal(address), prefix, IpFilterRuleType.ACCEPT);
  }

  /** The address itself: a name would be looked up, once, at a time nobody expects. */
  private static String literal(String address) {
    if (!io.netty.util.NetUtil.isValidIpV4Address(address)
        && !io.netty.util.NetUtil.isValidIpV6Address(address)) {
      throw new IllegalArgumentException(address + " is not an IP address");
    }
    return address;
  }
}
