package dev.parley.hub.cluster.tls;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells in one line why a connection did not come about; once in ten seconds for an address. */
final class Refusals {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterTls.class);
  private static final int MAX_ADDRESSES = 1_000;

  private record Told(boolean outward, String host) {}

  private final Cache<Told, Boolean> told =
      Caffeine.newBuilder()
          .maximumSize(MAX_ADDRESSES)
          .expireAfterWrite(Duration.ofSeconds(10))
          .build();

  void tell(boolean outward, SocketAddress peer, Throwable why) {
    String host = peer instanceof InetSocketAddress inet ? inet.getHostString() : "unknown";
    if (told.asMap().putIfAbsent(new Told(outward, host), true) != null) {
      return;
    }
    if (outward) {
      LOG.warn("node {} of the cluster is not reached: {}", peer, TlsFailures.reason(why));
    } else {
      LOG.warn("refused {} at the cluster port: {}", peer, TlsFailures.reason(why));
    }
  }
}
