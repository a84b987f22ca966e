package dev.parley.hub.cluster;

import com.hazelcast.core.HazelcastInstance;
import dev.parley.hub.cluster.tls.ClusterTls;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node in a cluster: Hazelcast for membership and places, a Vert.x of its own for the event
 * bus between nodes, so that nothing of the hub's inside ever becomes a clustered registration.
 * Only a hub with {@code --cluster} loads this class and what it needs.
 */
public final class Cluster {
  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);

  private static final int ATTEMPTS = 3;
  private static final int OPEN_SECONDS = 20;
  private static final int CLOSE_SECONDS = 10;

  private final Vertx vertx;
  private final HazelcastInstance hazelcast;
  private final Placement placement;
  private final NodeBus bus;

  private Cluster(Vertx vertx, HazelcastInstance hazelcast, Placement placement, NodeBus bus) {
    this.vertx = vertx;
    this.hazelcast = hazelcast;
    this.placement = placement;
    this.bus = bus;
  }

  /**
   * Joins the members of the settings, or founds a cluster when none is there.
   *
   * @return fails with {@code unavailable} when the port is taken or a member does not let it in
   */
  public static Future<Cluster> join(Vertx worker, ClusterSettings settings) {
    ClusterKeys keys = new ClusterKeys(settings.secret());
    return worker
        .executeBlocking(() -> ClusterTls.of(worker, settings.tls(), settings.secret()), false)
        .compose(tls -> join(worker, settings, keys, tls, ATTEMPTS));
  }

  /**
   * A member that loses the connection to its master just while it is let in stays without one,
   * answers nobody and waits for ever; a new one gets in.
   */
  private static Future<Cluster> join(
      Vertx worker,
      ClusterSettings settings,
      ClusterKeys keys,
      Optional<ClusterTls> tls,
      int attempts) {
    String address = "node." + UUID.randomUUID();
    return worker
        .executeBlocking(
            () -> HazelcastMember.start(worker, settings, keys, tls.orElse(null), address), false)
        .compose(
            hazelcast ->
                open(worker, keys, bus(settings, tls), address, hazelcast)
                    .timeout(OPEN_SECONDS, TimeUnit.SECONDS)
                    .recover(
                        failure ->
                            terminate(worker, hazelcast)
                                .compose(
                                    gone -> {
                                      if (failure instanceof TimeoutException && attempts > 1) {
                                        LOG.warn(
                                            "the cluster let this node in and does not answer; it joins anew");
                                        return join(worker, settings, keys, tls, attempts - 1);
                                      }
                                      return Future.failedFuture(notJoined(failure));
                                    })));
  }

  private static Future<Void> terminate(Vertx worker, HazelcastInstance hazelcast) {
    return worker
        .executeBlocking(
            () -> {
              hazelcast.getLifecycleService().terminate();
              return null;
            },
            false)
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  private static ParleyException notJoined(Throwable failure) {
    String why =
        failure instanceof TimeoutException
            ? "it lets this node in and does not answer"
            : failure.getMessage();
    return new ParleyException(
        ErrorCode.UNAVAILABLE, "the hub could not join the cluster: " + why, failure);
  }

  private static EventBusOptions bus(ClusterSettings settings, Optional<ClusterTls> tls) {
    EventBusOptions options =
        new EventBusOptions()
            .setHost(settings.host())
            .setPort(settings.busPort())
            .setClusterPublicHost(settings.host());
    tls.ifPresent(protection -> protection.protect(options));
    return options;
  }

  private static Future<Cluster> open(
      Vertx worker,
      ClusterKeys keys,
      EventBusOptions traffic,
      String address,
      HazelcastInstance hazelcast) {
    VertxOptions options =
        new VertxOptions()
            .setEventLoopPoolSize(1)
            .setWorkerPoolSize(4)
            .setInternalBlockingPoolSize(4)
            .setEventBusOptions(traffic);
    return Vertx.builder()
        .with(options)
        .withClusterManager(new HazelcastClusterManager(hazelcast))
        .buildClustered()
        .compose(
            vertx ->
                worker
                    .executeBlocking(() -> new Placement(hazelcast), false)
                    .map(
                        placement -> {
                          NodeBus bus = new NodeBus(vertx, address, keys, placement::nodes);
                          placement.onChange(bus::membersChanged);
                          return new Cluster(vertx, hazelcast, placement, bus);
                        })
                    .recover(
                        failure ->
                            vertx.close().transform(closed -> Future.failedFuture(failure))));
  }

  /**
   * Takes what other nodes send from now on; call it when all receivers are set.
   *
   * @return when it is done, and what the others have that receivers asked for is here
   */
  public Future<Void> start() {
    return bus.start();
  }

  public Placement placement() {
    return placement;
  }

  public NodeBus bus() {
    return bus;
  }

  /** Hands the places of this node over to the others, if there are any; stays a member. */
  public Future<Void> handOver(Vertx worker) {
    return worker
        .executeBlocking(
            () -> {
              if (hazelcast.getCluster().getMembers().size() > 1) {
                hazelcast.getCluster().demoteLocalDataMember();
              }
              return null;
            },
            false)
        .onFailure(failure -> LOG.warn("this node's places go over when it leaves", failure))
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  /** Leaves: the others hear of it at once. */
  public Future<Void> close(Vertx worker) {
    return vertx
        .close()
        .timeout(CLOSE_SECONDS, TimeUnit.SECONDS)
        .eventually(
            () ->
                worker.executeBlocking(
                    () -> {
                      hazelcast.shutdown();
                      return null;
                    },
                    false));
  }
}
