package dev.parley.hub.gateway;

import dev.parley.hub.access.ClientAddress;
import io.vertx.core.MultiMap;
import io.vertx.core.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where clients call from: the other end of their connection, or, when the operator says that a
 * proxy is in between, what the proxy has written into a header. Of a header with several addresses
 * the last counts, which is the proxy's own; those before it are what the client claims.
 */
public final class ClientAddresses {
  private final String proxyHeader;

  /**
   * Takes the operator's word.
   *
   * @param proxyHeader the header to believe, empty for none
   */
  public ClientAddresses(String proxyHeader) {
    this.proxyHeader = proxyHeader;
  }

  /** The address of a client, of its connection when the proxy's header is missing or broken. */
  public ClientAddress of(SocketAddress remote, MultiMap headers) {
    List<String> values = proxyHeader.isEmpty() ? List.of() : headers.getAll(proxyHeader);
    if (!values.isEmpty()) {
      String last = values.get(values.size() - 1);
      String nearest = last.substring(last.lastIndexOf(',') + 1).strip();
      return ClientAddress.parse(nearest).orElseGet(() -> of(remote.hostAddress()));
    }
    return of(remote.hostAddress());
  }

  private static ClientAddress of(@Nullable String connected) {
    return connected == null
        ? ClientAddress.LOCAL
        : ClientAddress.parse(connected).orElse(ClientAddress.LOCAL);
  }
}
