package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a provider is and the key for it. {@link #toString()} does not show the key.
 *
 * @param baseUrl http or https, without user, query and fragment
 * @param apiKey printable ASCII; null for servers that need none
 */
public record ProviderEndpoint(Vendor vendor, String baseUrl, @Nullable String apiKey) {
  static final int LONGEST_URL = 500;
  static final int LONGEST_KEY = 512;

  /**
   * Validates and lets the vendor's own address stand for a missing one.
   *
   * @throws ParleyException {@code invalid_request} naming {@code baseUrl} or {@code apiKey}
   */
  public static ProviderEndpoint of(
      Vendor vendor, @Nullable String baseUrl, @Nullable String apiKey) {
    return new ProviderEndpoint(vendor, baseUrl == null ? vendor.baseUrl() : baseUrl, apiKey);
  }

  public ProviderEndpoint {
    requireBaseUrl(baseUrl);
    if (apiKey != null) {
      requireKey(apiKey);
    } else if (vendor == Vendor.ANTHROPIC) {
      throw ParleyException.invalid("apiKey", "anthropic needs an API key");
    }
  }

  /** The key as a bearer token (RFC 6750), empty without one. */
  Map<String, String> bearer() {
    return apiKey == null ? Map.of() : Map.of("Authorization", "Bearer " + apiKey);
  }

  @Override
  public String toString() {
    return vendor.wireName() + " at " + baseUrl + (apiKey == null ? "" : " with a key");
  }

  private static void requireKey(String key) {
    boolean plain = key.chars().allMatch(c -> c > ' ' && c < 127);
    if (key.isEmpty() || key.length() > LONGEST_KEY || !plain) {
      throw ParleyException.invalid(
          "apiKey",
          "apiKey must be 1 to %d printable ASCII characters without spaces"
              .formatted(LONGEST_KEY));
    }
  }

  private static void requireBaseUrl(String baseUrl) {
    URI uri = parsed(baseUrl);
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    boolean plain =
        (scheme.equals("http") || scheme.equals("https"))
            && uri.getHost() != null
            && uri.getRawUserInfo() == null
            && uri.getRawQuery() == null
            && uri.getRawFragment() == null
            && uri.getPort() <= 65535
            && uri.getPort() != 0;
    if (!plain) {
      throw badUrl();
    }
  }

  private static URI parsed(String baseUrl) {
    if (baseUrl.length() > LONGEST_URL) {
      throw badUrl();
    }
    try {
      return new URI(baseUrl);
    } catch (URISyntaxException e) {
      throw badUrl();
    }
  }

  private static ParleyException badUrl() {
    return ParleyException.invalid(
        "baseUrl",
        "baseUrl must be http(s)://host[:port][/path] of at most %d characters"
            .formatted(LONGEST_URL));
  }
}
