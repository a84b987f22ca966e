package dev.parley.hub.cluster;

import com.hazelcast.core.HazelcastInstance;
import dev.parley.hub.cluster.tls.ClusterTls;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether the cluster let this node in. A member that was found and is there and not in this node's
 * cluster has another secret or certificate: then the node had better not start.
 */
final class Admission {
  private static final int ATTEMPTS = 20;
  private static final int CONNECT_MS = 500;

  private final List<InetSocketAddress> members;
  private final @Nullable ClusterTls tls;

  Admission(List<HostPort> members, @Nullable ClusterTls tls) {
    this.members =
        members.stream()
            .map(member -> new InetSocketAddress(member.host(), member.port()))
            .toList();
    this.tls = tls;
  }

  /** Waits until all that are there are inside; fails with {@code unavailable}. */
  void require(HazelcastInstance hazelcast) throws InterruptedException {
    List<InetSocketAddress> strangers = strangers(hazelcast);
    for (int attempt = 0; !strangers.isEmpty(); attempt++) {
      InetSocketAddress stranger = strangers.get(0);
      Optional<String> refusal =
          tls == null ? Optional.empty() : tls.refusalOf(stranger, CONNECT_MS);
      if (refusal.isPresent()) {
        throw refused(stranger, " (" + refusal.get() + ")");
      }
      if (attempt == ATTEMPTS) {
        throw refused(stranger, "");
      }
      Thread.sleep(CONNECT_MS);
      strangers = strangers(hazelcast);
    }
  }

  private static ParleyException refused(InetSocketAddress member, String reason) {
    return new ParleyException(
        ErrorCode.UNAVAILABLE,
        "the cluster member %s:%d is there and does not let this hub in%s; give both the same cluster secret, --cluster-tls and authority"
            .formatted(member.getHostString(), member.getPort(), reason));
  }

  private List<InetSocketAddress> strangers(HazelcastInstance hazelcast) {
    Set<InetSocketAddress> inside =
        hazelcast.getCluster().getMembers().stream()
            .map(member -> member.getSocketAddress())
            .collect(Collectors.toSet());
    return members.stream()
        .filter(member -> !inside.contains(member))
        .filter(Admission::isListening)
        .toList();
  }

  private static boolean isListening(InetSocketAddress member) {
    try (Socket socket = new Socket()) {
      socket.connect(member, CONNECT_MS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
