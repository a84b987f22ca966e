package dev.parley.hub.outbound;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * Tells the addresses of the Internet from the special ones: the IANA special-purpose registries
 * (RFC 6890), and what carries an IPv4 address inside an IPv6 one, such as NAT64 (RFC 6052) and
 * 6to4. Java itself unwraps IPv4-mapped addresses.
 */
final class PublicAddresses {
  private PublicAddresses() {}

  static boolean isPublic(InetAddress address) {
    if (address.isAnyLocalAddress()
        || address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || address.isMulticastAddress()) {
      return false;
    }
    byte[] bytes = address.getAddress();
    return address instanceof Inet4Address ? isPublic4(bytes) : isPublic6(bytes);
  }

  private static boolean isPublic4(byte[] bytes) {
    int a = bytes[0] & 0xff;
    int b = bytes[1] & 0xff;
    int c = bytes[2] & 0xff;
    boolean shared = a == 100 && b >= 64 && b < 128;
    boolean protocols = a == 192 && b == 0 && (c == 0 || c == 2);
    boolean relay = a == 192 && b == 88 && c == 99;
    boolean benchmark = a == 198 && (b == 18 || b == 19);
    boolean documentation = (a == 198 && b == 51 && c == 100) || (a == 203 && b == 0 && c == 113);
    return a != 0
        && a < 240
        && !shared
        && !protocols
        && !relay
        && !benchmark
        && !documentation
        && !isHostOfCloud(a, b, c, bytes[3] & 0xff);
  }

  /** Azure's wire server: a public address that only its virtual machines reach. */
  private static boolean isHostOfCloud(int a, int b, int c, int d) {
    return a == 168 && b == 63 && c == 129 && d == 16;
  }

  /** Global unicast is 2000::/3; within it, Teredo, 6to4 and documentation are left out. */
  private static boolean isPublic6(byte[] bytes) {
    int first = (bytes[0] & 0xff) << 8 | (bytes[1] & 0xff);
    int second = (bytes[2] & 0xff) << 8 | (bytes[3] & 0xff);
    boolean global = (first & 0xe000) == 0x2000;
    boolean special = first == 0x2001 && (second < 0x200 || second == 0xdb8);
    return global && !special && first != 0x2002 && first != 0x3fff;
  }
}
