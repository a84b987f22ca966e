package dev.parley.hub.access;

import io.netty.util.NetUtil;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a client calls from, as far as attempts are counted by it: an IPv4 address, or the /64
 * network of an IPv6 address, of which one client usually has all addresses.
 */
public record ClientAddress(String text) {
  /** A client without an IP address, on a socket of this machine. */
  public static final ClientAddress LOCAL = new ClientAddress("local");

  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;
  private static final int NETWORK_BYTES = 8;

  /** Reads an IP address; empty for a name or anything else. */
  public static Optional<ClientAddress> parse(String text) {
    byte @Nullable [] bytes = NetUtil.createByteArrayFromIpAddressString(text);
    return bytes == null ? Optional.empty() : Optional.of(new ClientAddress(network(bytes)));
  }

  /** Whose attempts are counted. */
  public String owner() {
    return "address " + text;
  }

  private static String network(byte[] address) {
    if (address.length == IPV4_BYTES) {
      return NetUtil.bytesToIpAddress(address);
    }
    if (isMappedIpv4(address)) {
      return NetUtil.bytesToIpAddress(
          Arrays.copyOfRange(address, IPV6_BYTES - IPV4_BYTES, IPV6_BYTES));
    }
    byte[] network = Arrays.copyOf(Arrays.copyOf(address, NETWORK_BYTES), IPV6_BYTES);
    return NetUtil.bytesToIpAddress(network) + "/64";
  }

  private static boolean isMappedIpv4(byte[] address) {
    for (int i = 0; i < 10; i++) {
      if (address[i] != 0) {
        return false;
      }
    }
    return address[10] == -1 && address[11] == -1;
  }

  @Override
  public String toString() {
    return text;
  }
}
