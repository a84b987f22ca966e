package dev.parley.client;

import dev.parley.protocol.error.ParleyException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a hub listens: scheme, host, port and an optional path in front of {@code /ws} and {@code
 * /v1}. Credentials, queries and fragments are refused: a key never goes into a URL.
 *
 * @param http the base with scheme {@code http} or the secure one, without a trailing slash
 */
public record HubUrl(URI http) {
  private static final String WS_PATH = "/ws";

  /**
   * Reads {@code http(s)://host[:port][/path]} or {@code ws(s)://…}; a trailing {@code /ws} is
   * taken off.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code url}
   */
  public static HubUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException e) {
      throw invalid("it is no URL: " + e.getReason());
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    String http =
        switch (scheme) {
          case "http", "ws" -> "http";
          case "https", "wss" -> "https";
          default -> throw invalid("it must start with http://, https://, ws:// or wss://");
        };
    if (uri.getHost() == null) {
      throw invalid("it names no host");
    }
    if (uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
      throw invalid("it must have no user, query or fragment");
    }
    String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
    if (path.endsWith(WS_PATH)) {
      path = path.substring(0, path.length() - WS_PATH.length());
    }
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    return new HubUrl(URI.create(http + "://" + uri.getHost() + port + path));
  }

  /** The address of the WebSocket. */
  public URI webSocket() {
    return URI.create(http.toString().replaceFirst("^http", "ws") + WS_PATH);
  }

  /**
   * The address of a REST resource.
   *
   * @param path starts with a slash, percent-encoded, may have a query
   */
  public URI rest(String path) {
    return URI.create(http + path);
  }

  @Override
  public String toString() {
    return http.toString();
  }

  private static ParleyException invalid(@Nullable String why) {
    return ParleyException.invalid("url", "the URL of the hub cannot be used: " + why);
  }
}
