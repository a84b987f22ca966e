package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Keeps base URLs that tenants set out of the operator's network: the name is resolved once, every
 * address it has must be a public one, and the connection goes to the address that was looked at,
 * so that a name which changes its mind in between gains nothing (DNS rebinding).
 */
public final class AddressGuard {
  private static final int THREADS = 4;

  private final WorkerExecutor resolver;

  public AddressGuard(Vertx vertx) {
    this.resolver = vertx.createSharedWorkerExecutor("parley-names", THREADS);
  }

  /**
   * Points a request at a vetted address of its host; its name is still what TLS verifies.
   *
   * @return fails with {@code invalid_request} naming {@code baseUrl}, or with the resolver's
   *     failure
   */
  Future<RequestOptions> vet(RequestOptions options) {
    String host = options.getHost();
    return resolver
        .executeBlocking(() -> InetAddress.getAllByName(named(host)), false)
        .compose(
            addresses ->
                Arrays.stream(addresses).allMatch(AddressGuard::isPublic)
                    ? Future.succeededFuture(directed(options, addresses[0]))
                    : Future.failedFuture(refusal(host)));
  }

  private static RequestOptions directed(RequestOptions options, InetAddress address) {
    return options.setServer(
        SocketAddress.inetSocketAddress(options.getPort(), address.getHostAddress()));
  }

  private static ParleyException refusal(String host) {
    return ParleyException.invalid(
        "baseUrl",
        "%s is not a public address; the operator can allow private ones for model providers"
            .formatted(host));
  }

  private static String named(@Nullable String host) throws UnknownHostException {
    if (host == null || host.isEmpty()) {
      throw new UnknownHostException();
    }
    return host;
  }

  /** Whether the address is none of the special ones (IANA registries, RFC 6890). */
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
    boolean benchmark = a == 198 && (b == 18 || b == 19);
    boolean documentation = (a == 198 && b == 51 && c == 100) || (a == 203 && b == 0 && c == 113);
    return a != 0 && a < 240 && !shared && !protocols && !benchmark && !documentation;
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
