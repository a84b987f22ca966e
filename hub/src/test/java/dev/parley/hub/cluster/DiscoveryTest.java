package dev.parley.hub.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import dev.parley.hub.cluster.tls.ClusterTls;
import dev.parley.hub.store.TcpRedis;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Members that find each other by a real DNS server, with certificates from files. */
class DiscoveryTest {
  private static final Vertx VERTX = Vertx.vertx();
  private static final String SECRET = "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6";
  private static final String SERVICE = "_cluster._tcp.parley.test";

  @TempDir Path directory;

  private DnsServer dns;
  private @Nullable HazelcastInstance first;
  private @Nullable HazelcastInstance second;

  @BeforeEach
  void startDns() throws InterruptedException {
    dns = new DnsServer();
  }

  @AfterEach
  void stop() {
    for (HazelcastInstance member : new HazelcastInstance[] {first, second}) {
      if (member != null) {
        member.getLifecycleService().terminate();
      }
    }
    dns.close();
  }

  @AfterAll
  static void closeVertx() {
    VERTX.close();
  }

  private HazelcastInstance member(TlsSettings tls, int port, Discovery discovery)
      throws InterruptedException {
    ClusterSettings settings = new ClusterSettings("127.0.0.1", port, 0, discovery, SECRET, tls);
    return HazelcastMember.start(
        VERTX,
        settings,
        new ClusterKeys(SECRET),
        ClusterTls.of(VERTX, tls, SECRET).orElseThrow(),
        "node." + port);
  }

  private Discovery byService() {
    return new Discovery.Dns(SERVICE, dns.address());
  }

  private List<HostPort> lookUp(String name) {
    return new DnsMembers(VERTX, new Discovery.Dns(name, dns.address()), 8421).lookUp();
  }

  @Test
  void aNamesAddressesOfBothKindsAreTheMembers() {
    dns.address("hubs.parley.test", "192.0.2.1");
    dns.address("hubs.parley.test", "192.0.2.2");
    dns.address("hubs.parley.test", "2001:db8::3");
    assertEquals(
        Set.of(
            new HostPort("192.0.2.1", 8421),
            new HostPort("192.0.2.2", 8421),
            new HostPort("2001:db8:0:0:0:0:0:3", 8421)),
        Set.copyOf(lookUp("hubs.parley.test")));
  }

  @Test
  void aNameThatNobodyKnowsHasNoMembersUntilItHas() {
    DnsMembers members =
        new DnsMembers(VERTX, new Discovery.Dns("late.parley.test", dns.address()), 8421);
    assertEquals(List.of(), members.lookUp());
    dns.address("late.parley.test", "192.0.2.1");
    assertEquals(List.of(new HostPort("192.0.2.1", 8421)), members.lookUp());
  }

  @Test
  void membersOfOneAuthorityFindEachOtherByServiceRecordsAndOneOfAnotherIsRefused()
      throws Exception {
    Authority authority = new Authority(directory, "ours");
    int firstPort = TcpRedis.freePort();
    int secondPort = TcpRedis.freePort();
    dns.address("host.parley.test", "127.0.0.1");
    dns.service(SERVICE, "host.parley.test", firstPort);
    first = member(authority.issue("first"), firstPort, byService());
    dns.service(SERVICE, "host.parley.test", secondPort);
    second = member(authority.issue("second"), secondPort, byService());
    HazelcastInstance founder = first;
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> founder.getCluster().getMembers().size() == 2);

    TlsSettings foreign = new Authority(directory, "theirs").issue("stranger");
    ParleyException refused =
        assertThrows(
            ParleyException.class, () -> member(foreign, TcpRedis.freePort(), byService()));
    assertTrue(refused.getMessage().contains("does not let this hub in (TLS: "), refused.text());
    assertEquals(2, founder.getCluster().getMembers().size());
  }

  @Test
  void aNodeThatLooksForOthersThroughKubernetesAndIsNotInItSaysSoInOneLine() {
    Discovery pods = Discovery.Kubernetes.parse("agents/parley", URI.create("https://127.0.0.1:1"));
    ParleyException refused =
        assertThrows(
            ParleyException.class, () -> member(TlsSettings.SECRET, TcpRedis.freePort(), pods));
    assertEquals(1, refused.text().lines().count(), refused.text());
    assertTrue(refused.text().contains("works in a pod of Kubernetes"), refused.text());
  }

  @Test
  void aNodeWhoseCertificateOnlyTheOtherSideRefusesIsToldSo() throws Exception {
    Authority ours = new Authority(directory, "ours");
    Authority theirs = new Authority(directory, "theirs");
    int port = TcpRedis.freePort();
    first = member(ours.issue("first"), port, new Discovery.Listed(List.of()));
    TlsSettings stranger = theirs.issue("stranger");
    TlsSettings trusting =
        new TlsSettings(stranger.traffic(), stranger.certFile(), stranger.keyFile(), ours.caFile());
    String reason =
        ClusterTls.of(VERTX, trusting, SECRET)
            .orElseThrow()
            .refusalOf(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000)
            .orElseThrow();
    assertTrue(reason.startsWith("TLS: "), reason);
  }
}
