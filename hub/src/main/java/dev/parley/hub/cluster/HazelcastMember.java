package dev.parley.hub.cluster;

import com.hazelcast.config.AdvancedNetworkConfig;
import com.hazelcast.config.ClassFilter;
import com.hazelcast.config.Config;
import com.hazelcast.config.InterfacesConfig;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MultiMapConfig;
import com.hazelcast.config.ServerSocketEndpointConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.spi.properties.ClusterProperty;
import dev.parley.hub.cluster.tls.ClusterTls;
import dev.parley.hub.cluster.tls.TlsMembers;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Starts Hazelcast with what a hub needs of it and nothing else: members by list, one endpoint for
 * members only (no clients, no REST, no memcache), no discovery, no phoning home, and no Java
 * objects from the wire but those of Hazelcast and its Vert.x adapter, and the failures by which
 * one member answers another: an answer that cannot be read is one that never comes.
 */
final class HazelcastMember {
  /** What a member keeps is nothing that others cannot tell again: it need not wait for long. */
  private static final String LEAVES_WITHIN_SECONDS = "10";

  private static final List<Class<?>> WIRE_CLASSES =
      List.of(
          String.class,
          Throwable.class,
          StackTraceElement.class,
          StackTraceElement[].class,
          ArrayList.class,
          Exception.class,
          RuntimeException.class,
          IllegalArgumentException.class,
          IllegalStateException.class,
          IllegalMonitorStateException.class,
          NumberFormatException.class,
          NoSuchElementException.class,
          ConcurrentModificationException.class,
          SecurityException.class,
          GeneralSecurityException.class,
          NullPointerException.class,
          ClassCastException.class,
          IndexOutOfBoundsException.class,
          ArrayIndexOutOfBoundsException.class,
          UnsupportedOperationException.class,
          InterruptedException.class,
          IOException.class,
          EOFException.class,
          CancellationException.class,
          RejectedExecutionException.class,
          TimeoutException.class,
          ExecutionException.class,
          Error.class,
          VirtualMachineError.class,
          OutOfMemoryError.class);

  /** Where the Vert.x adapter looks for its id when it is given a running member. */
  private static final String VERTX_NODE_ID = "__vertx.nodeId";

  private static final int JOIN_ATTEMPTS = 10;
  private static final int JOIN_PAUSE_MS = 1_000;
  private static final int CONNECT_SECONDS = 2;

  /** What every pod has, and Hazelcast's plugin trusts the API server by. */
  private static final Path POD_AUTHORITY =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");

  private HazelcastMember() {}

  /**
   * Blocks until the member is in; call it on a worker.
   *
   * @param vertx asks DNS
   * @param tls what protects its traffic, or null on loopback
   */
  static HazelcastInstance start(
      Vertx vertx,
      ClusterSettings settings,
      ClusterKeys keys,
      @Nullable ClusterTls tls,
      String address)
      throws InterruptedException {
    if (settings.discovery() instanceof Discovery.Kubernetes && !Files.isReadable(POD_AUTHORITY)) {
      throw ParleyException.invalid(
          "cluster-kubernetes",
          "--cluster-kubernetes works in a pod of Kubernetes, and %s cannot be read; elsewhere use --cluster-dns or --cluster-members"
              .formatted(POD_AUTHORITY));
    }
    Optional<DnsMembers> dns =
        settings.discovery() instanceof Discovery.Dns named
            ? Optional.of(new DnsMembers(vertx, named, settings.port()))
            : Optional.empty();
    HazelcastInstance hazelcast =
        open(settings, () -> config(settings, keys, join(settings, dns), address), tls);
    try {
      List<HostPort> others =
          settings.discovery() instanceof Discovery.Listed listed
              ? listed.parsed()
              : dns.map(DnsMembers::lookUp).orElse(List.of());
      new Admission(others, tls).require(hazelcast);
      return hazelcast;
    } catch (ParleyException | InterruptedException e) {
      hazelcast.shutdown();
      throw e;
    }
  }

  /** Members that are just merging after a split let nobody in for a moment: then once more. */
  private static HazelcastInstance open(
      ClusterSettings settings, Supplier<Config> config, @Nullable ClusterTls tls)
      throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return tls == null
            ? Hazelcast.newHazelcastInstance(config.get())
            : TlsMembers.start(config.get(), tls);
      } catch (RuntimeException e) {
        if (attempt == JOIN_ATTEMPTS || !(e instanceof IllegalStateException)) {
          throw new ParleyException(
              ErrorCode.UNAVAILABLE,
              "the hub could not join the cluster at %s:%d: %s"
                  .formatted(settings.host(), settings.port(), e.getMessage()),
              e);
        }
        Thread.sleep(JOIN_PAUSE_MS);
      }
    }
  }

  private static Config config(
      ClusterSettings settings, ClusterKeys keys, JoinConfig join, String address) {
    Config config = new Config();
    config.setClusterName(keys.clusterName());
    config
        .getMemberAttributeConfig()
        .setAttribute(Placement.ADDRESS, address)
        .setAttribute(VERTX_NODE_ID, UUID.randomUUID().toString());
    config.setAdvancedNetworkConfig(network(settings, join));
    config.getMetricsConfig().setEnabled(false);
    config.getJetConfig().setEnabled(false);
    config.getSerializationConfig().setJavaSerializationFilterConfig(filter());
    config.getMapConfig("__vertx.nodeInfo").setBackupCount(1);
    config.addMultiMapConfig(new MultiMapConfig("__vertx.subs").setBackupCount(1));
    property(
        config,
        ClusterProperty.DISCOVERY_SPI_ENABLED.getName(),
        Boolean.toString(settings.discovery() instanceof Discovery.Dns));
    property(config, ClusterProperty.PHONE_HOME_ENABLED.getName(), "false");
    property(config, ClusterProperty.SHUTDOWNHOOK_ENABLED.getName(), "false");
    property(config, ClusterProperty.SOCKET_BIND_ANY.getName(), "false");
    property(config, ClusterProperty.SOCKET_SERVER_BIND_ANY.getName(), "false");
    property(config, ClusterProperty.SOCKET_CLIENT_BIND_ANY.getName(), "false");
    property(config, ClusterProperty.LOGGING_TYPE.getName(), "slf4j");
    property(config, ClusterProperty.HEALTH_MONITORING_LEVEL.getName(), "OFF");
    property(config, ClusterProperty.WAIT_SECONDS_BEFORE_JOIN.getName(), "0");
    property(config, ClusterProperty.HEARTBEAT_INTERVAL_SECONDS.getName(), "1");
    property(config, ClusterProperty.MAX_NO_HEARTBEAT_SECONDS.getName(), "10");
    property(config, ClusterProperty.MERGE_FIRST_RUN_DELAY_SECONDS.getName(), "5");
    property(config, ClusterProperty.MERGE_NEXT_RUN_DELAY_SECONDS.getName(), "5");
    property(config, ClusterProperty.GRACEFUL_SHUTDOWN_MAX_WAIT.getName(), LEAVES_WITHIN_SECONDS);
    return config;
  }

  private static void property(Config config, String name, String value) {
    config.setProperty(name, value);
  }

  private static AdvancedNetworkConfig network(ClusterSettings settings, JoinConfig join) {
    ServerSocketEndpointConfig endpoint =
        new ServerSocketEndpointConfig()
            .setPort(settings.port())
            .setPortAutoIncrement(false)
            .setPublicAddress(new HostPort(settings.host(), settings.port()).toString())
            .setInterfaces(new InterfacesConfig().setEnabled(true).addInterface(settings.host()));
    AdvancedNetworkConfig network = new AdvancedNetworkConfig().setEnabled(true).setJoin(join);
    network.setMemberEndpointConfig(endpoint);
    network
        .getEndpointConfigs()
        .keySet()
        .removeIf(
            qualifier -> !qualifier.getType().equals(com.hazelcast.instance.ProtocolType.MEMBER));
    return network;
  }

  private static JoinConfig join(ClusterSettings settings, Optional<DnsMembers> dns) {
    JoinConfig join = new JoinConfig();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    dns.ifPresent(
        members -> join.getDiscoveryConfig().addDiscoveryStrategyConfig(members.toConfig()));
    if (settings.discovery() instanceof Discovery.Listed listed) {
      join.getTcpIpConfig()
          .setEnabled(true)
          .setConnectionTimeoutSeconds(CONNECT_SECONDS)
          .setMembers(listed.members());
    } else if (settings.discovery() instanceof Discovery.Kubernetes kubernetes) {
      join.getKubernetesConfig()
          .setEnabled(true)
          .setProperty("namespace", kubernetes.namespace())
          .setProperty("service-name", kubernetes.service())
          .setProperty("service-port", Integer.toString(settings.port()))
          .setProperty("kubernetes-master", kubernetes.api().toString());
    }
    return join;
  }

  /**
   * Strings, and failures: a member that cannot read how an operation failed waits for it for ever.
   */
  private static JavaSerializationFilterConfig filter() {
    ClassFilter allowed =
        new ClassFilter().addPrefixes("com.hazelcast.", "io.vertx.spi.cluster.hazelcast.impl.");
    WIRE_CLASSES.forEach(type -> allowed.addClasses(type.getName()));
    allowed.addClasses(Collections.emptyList().getClass().getName());
    return new JavaSerializationFilterConfig().setDefaultsDisabled(true).setWhitelist(allowed);
  }
}
