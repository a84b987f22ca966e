package dev.parley.hub.cluster;

import com.hazelcast.cluster.Address;
import com.hazelcast.config.DiscoveryStrategyConfig;
import com.hazelcast.config.properties.PropertyDefinition;
import com.hazelcast.logging.ILogger;
import com.hazelcast.spi.discovery.AbstractDiscoveryStrategy;
import com.hazelcast.spi.discovery.DiscoveryNode;
import com.hazelcast.spi.discovery.DiscoveryStrategy;
import com.hazelcast.spi.discovery.DiscoveryStrategyFactory;
import com.hazelcast.spi.discovery.SimpleDiscoveryNode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.dns.DnsClient;
import io.vertx.core.dns.DnsClientOptions;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes that a DNS name stands for. Hazelcast asks when a node looks for a cluster, and again
 * every few seconds for as long as it runs, so that parts that have not found each other do. When
 * no server answers, what was known last counts.
 */
final class DnsMembers {
  private static final Logger LOG = LoggerFactory.getLogger(DnsMembers.class);
  private static final Duration QUERY = Duration.ofSeconds(2);
  private static final int MAX_MEMBERS = 1_000;

  private final DnsClient client;
  private final String name;
  private final int port;
  private volatile List<HostPort> known = List.of();

  /**
   * Asks nobody yet.
   *
   * @param port of nodes whose record names none
   */
  DnsMembers(Vertx vertx, Discovery.Dns dns, int port) {
    DnsClientOptions options = new DnsClientOptions().setQueryTimeout(QUERY.toMillis());
    if (!dns.server().isEmpty()) {
      HostPort server = HostPort.parse("cluster-dns-server", dns.server());
      options.setHost(server.host()).setPort(server.port());
    }
    this.client = vertx.createDnsClient(options);
    this.name = dns.name();
    this.port = port;
  }

  /** Asks; blocks. */
  List<HostPort> lookUp() {
    try {
      known =
          (name.startsWith("_") ? ofService() : ofHost(name, port))
              .toCompletionStage()
              .toCompletableFuture()
              .get(3 * QUERY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the nodes of {} are not known anew: {}", name, String.valueOf(e.getMessage()));
    }
    return known;
  }

  private Future<List<HostPort>> ofService() {
    return client
        .resolveSRV(name)
        .compose(
            records ->
                Future.all(
                    records.stream()
                        .limit(MAX_MEMBERS)
                        .map(record -> ofHost(record.target(), record.port()))
                        .toList()))
        .map(
            all -> {
              List<HostPort> members = new ArrayList<>();
              all.<List<HostPort>>list().forEach(members::addAll);
              return members;
            });
  }

  /** A name has records of one kind or of both; it fails when it has none of either. */
  private Future<List<HostPort>> ofHost(String host, int hostPort) {
    Future<List<String>> short4 = client.resolveA(host);
    Future<List<String>> long6 = client.resolveAAAA(host);
    return Future.join(short4, long6)
        .transform(
            both -> {
              if (short4.failed() && long6.failed()) {
                return Future.failedFuture(short4.cause());
              }
              List<String> addresses = new ArrayList<>();
              addresses.addAll(short4.succeeded() ? short4.result() : List.of());
              addresses.addAll(long6.succeeded() ? long6.result() : List.of());
              return Future.succeededFuture(
                  addresses.stream()
                      .limit(MAX_MEMBERS)
                      .map(address -> new HostPort(address, hostPort))
                      .toList());
            });
  }

  /** This as Hazelcast takes it. */
  DiscoveryStrategyConfig toConfig() {
    return new DiscoveryStrategyConfig(new Factory(this), Map.of());
  }

  private record Factory(DnsMembers members) implements DiscoveryStrategyFactory {
    @Override
    public Class<? extends DiscoveryStrategy> getDiscoveryStrategyType() {
      return Strategy.class;
    }

    @Override
    @SuppressWarnings("rawtypes")
    public DiscoveryStrategy newDiscoveryStrategy(
        DiscoveryNode self, ILogger logger, Map<String, Comparable> properties) {
      return new Strategy(logger, properties, members);
    }

    @Override
    public Collection<PropertyDefinition> getConfigurationProperties() {
      return List.of();
    }
  }

  private static final class Strategy extends AbstractDiscoveryStrategy {
    private final DnsMembers members;

    @SuppressWarnings("rawtypes")
    Strategy(ILogger logger, Map<String, Comparable> properties, DnsMembers members) {
      super(logger, properties);
      this.members = members;
    }

    @Override
    public Iterable<DiscoveryNode> discoverNodes() {
      List<DiscoveryNode> nodes = new ArrayList<>();
      for (HostPort member : members.lookUp()) {
        try {
          nodes.add(new SimpleDiscoveryNode(new Address(member.host(), member.port())));
        } catch (UnknownHostException e) {
          LOG.warn("{} is no address of a node", member);
        }
      }
      return nodes;
    }
  }
}
