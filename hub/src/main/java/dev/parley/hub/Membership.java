package dev.parley.hub;

import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.agent.relay.Relay;
import dev.parley.hub.cluster.Cluster;
import dev.parley.hub.cluster.ClusterSettings;
import dev.parley.hub.cluster.Majority;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.Placement;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.mailbox.MailBus;
import dev.parley.hub.mailbox.Mailboxes;
import dev.parley.hub.session.Fencing;
import dev.parley.hub.store.Store;
import dev.parley.hub.telemetry.HubMetrics;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** This hub among others; without a cluster it is nothing. */
final class Membership {
  private final Vertx vertx;
  private final Agents agents;
  private final RemoteAgents remoteAgents;
  private final Mailboxes mailboxes;
  private final Fencing fencing;
  private final Store store;
  private final Clock clock;
  private final LoopBreaker loops;
  private final HubMetrics metrics;
  private final Consumer<Cluster> sharing;
  private volatile @Nullable Cluster cluster;
  private volatile @Nullable Relay relay;
  private volatile @Nullable Majority majority;

  /**
   * A hub on its own, until it joins.
   *
   * @param sharing is called once this node is in a cluster
   */
  Membership(
      Vertx vertx,
      Agents agents,
      RemoteAgents remoteAgents,
      Mailboxes mailboxes,
      LoopBreaker loops,
      Fencing fencing,
      Store store,
      Clock clock,
      HubMetrics metrics,
      Consumer<Cluster> sharing) {
    this.vertx = vertx;
    this.agents = agents;
    this.remoteAgents = remoteAgents;
    this.mailboxes = mailboxes;
    this.fencing = fencing;
    this.store = store;
    this.clock = clock;
    this.loops = loops;
    this.metrics = metrics;
    this.sharing = sharing;
  }

  /** Joins the other nodes, before anybody can connect to this one. */
  Future<Void> join(Optional<ClusterSettings> settings) {
    return settings.isEmpty()
        ? Future.succeededFuture()
        : Cluster.join(vertx, settings.get()).compose(this::joined);
  }

  private Future<Void> joined(Cluster joined) {
    cluster = joined;
    Placement placement = joined.placement();
    Majority counted = new Majority(vertx, store, placement.self(), placement::nodes);
    majority = counted;
    fencing.inCluster(placement.self(), counted::require);
    metrics.gauge("parley.cluster.majority", counted, majority -> majority.isHere() ? 1 : 0);
    metrics.gauge("parley.cluster.nodes", placement, seen -> seen.nodes().size());
    metrics.gauge("parley.cluster.requests", joined.bus(), NodeBus::waiting);
    Relay between =
        new Relay(vertx, joined.placement(), joined.bus(), agents, remoteAgents, loops, clock);
    between.start();
    agents.reachedThrough(between);
    mailboxes.sharedThrough(new MailBus(joined.placement(), joined.bus()));
    metrics.gauge("parley.relay.calls.out", between, Relay::outboundCount);
    metrics.gauge("parley.relay.calls.in", between, Relay::inboundCount);
    metrics.counter(
        "parley.relay.replies.broken",
        "replies from other nodes that came with a piece missing",
        between,
        Relay::brokenCount);
    relay = between;
    sharing.accept(joined);
    return joined.start().compose(started -> counted.start());
  }

  /** Whether this node may commit. */
  boolean mayCommit() {
    Majority counted = majority;
    return counted == null || counted.isHere();
  }

  /**
   * Hands the places of this node over to the others; calls under way here go on.
   *
   * @param limit time to wait for it; with none, others find out when this node leaves
   */
  Future<Void> handOver(Duration limit) {
    Cluster joined = cluster;
    return joined == null || limit.isZero()
        ? Future.succeededFuture()
        : joined.handOver(vertx).timeout(limit.toMillis(), TimeUnit.MILLISECONDS).otherwiseEmpty();
  }

  /** Whether other nodes serve what this one does not. */
  boolean hasOthers() {
    Cluster joined = cluster;
    return joined != null && joined.placement().nodes().size() > 1;
  }

  /** Whether calls of other nodes are under way here. */
  boolean isBusy() {
    Relay between = relay;
    return between != null && between.inboundCount() > 0;
  }

  /** Leaves the other nodes. */
  Future<Void> leave() {
    if (relay != null) {
      relay.stop();
    }
    Majority counted = majority;
    Future<Void> out = counted == null ? Future.succeededFuture() : counted.leave();
    return out.eventually(() -> cluster == null ? Future.succeededFuture() : cluster.close(vertx));
  }
}
