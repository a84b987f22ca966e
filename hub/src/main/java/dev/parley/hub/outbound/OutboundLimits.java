package dev.parley.hub.outbound;

import java.time.Duration;

/**
 * What one exchange may take.
 *
 * @param maxBytes the longest body of an answer
 * @param timeout for the whole exchange: names, connections, redirects and the body
 * @param maxRedirects redirects that are followed, all to the same scheme, host and port
 */
public record OutboundLimits(int maxBytes, Duration timeout, int maxRedirects) {
  /** 1 MiB, 10 seconds, 3 redirects. */
  public static final OutboundLimits DEFAULTS =
      new OutboundLimits(1 << 20, Duration.ofSeconds(10), 3);
}
