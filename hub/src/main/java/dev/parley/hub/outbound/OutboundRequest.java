package dev.parley.hub.outbound;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request.
 *
 * @param method GET, HEAD, POST, PUT, PATCH or DELETE
 * @param url http or https, without user information
 * @param headers none of those that say how the bytes travel, which are the client's own
 * @param body null for none
 */
public record OutboundRequest(
    String method, URI url, Map<String, String> headers, @Nullable Buffer body) {
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");
  private static final Set<String> OF_THE_CLIENT =
      Set.of(
          "host",
          "connection",
          "content-length",
          "transfer-encoding",
          "upgrade",
          "te",
          "trailer",
          "expect",
          "keep-alive",
          "proxy-authorization",
          "proxy-connection");

  /**
   * Validates.
   *
   * @throws ParleyException {@code invalid_request} naming {@code url}, {@code method} or {@code
   *     headers}
   */
  public OutboundRequest {
    headers = Map.copyOf(headers);
    requireWeb(url);
    if (!METHODS.contains(method)) {
      throw ParleyException.invalid("method", "method must be one of " + METHODS);
    }
    for (String name : headers.keySet()) {
      if (OF_THE_CLIENT.contains(name.toLowerCase(Locale.ROOT))) {
        throw ParleyException.invalid("headers", "the header %s cannot be set".formatted(name));
      }
    }
  }

  public static OutboundRequest get(URI url) {
    return new OutboundRequest("GET", url, Map.of(), null);
  }

  /** Whether repeating it does nothing twice, so that it may follow a redirect. */
  boolean isSafe() {
    return method.equals("GET") || method.equals("HEAD");
  }

  OutboundRequest to(URI elsewhere) {
    return new OutboundRequest(method, elsewhere, headers, body);
  }

  private static void requireWeb(URI url) {
    String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
    boolean web =
        (scheme.equals("http") || scheme.equals("https"))
            && url.getHost() != null
            && url.getRawUserInfo() == null
            && url.getPort() != 0
            && url.getPort() <= 65_535;
    if (!web) {
      throw ParleyException.invalid("url", "the address must be http(s)://host[:port][/path]");
    }
  }
}
