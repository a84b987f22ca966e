package dev.parley.hub;

import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.agent.relay.Relay;
import dev.parley.hub.cluster.Cluster;
import dev.parley.hub.cluster.ClusterSettings;
import dev.parley.hub.mailbox.MailBus;
import dev.parley.hub.mailbox.Mailboxes;
import dev.parley.hub.telemetry.HubMetrics;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** This hub among others; without a cluster it is nothing. */
final class Membership {
  private final Vertx vertx;
  private final Agents agents;
  private final RemoteAgents remoteAgents;
  private final Mailboxes mailboxes;
  private final HubMetrics metrics;
  private volatile @Nullable Cluster cluster;
  private volatile @Nullable Relay relay;

  Membership(
      Vertx vertx,
      Agents agents,
      RemoteAgents remoteAgents,
      Mailboxes mailboxes,
      HubMetrics metrics) {
    this.vertx = vertx;
    this.agents = agents;
    this.remoteAgents = remoteAgents;
    this.mailboxes = mailboxes;
    this.metrics = metrics;
  }

  /** Joins the other nodes, before anybody can connect to this one. */
  Future<Void> join(Optional<ClusterSettings> settings) {
    return settings.isEmpty()
        ? Future.succeededFuture()
        : Cluster.join(vertx, settings.get()).map(this::joined);
  }

  private @Nullable Void joined(Cluster joined) {
    cluster = joined;
    Relay between = new Relay(vertx, joined.placement(), joined.bus(), agents, remoteAgents);
    between.start();
    agents.reachedThrough(between);
    mailboxes.sharedThrough(new MailBus(joined.placement(), joined.bus()));
    metrics.gauge("parley.relay.calls.out", between, Relay::outboundCount);
    metrics.gauge("parley.relay.calls.in", between, Relay::inboundCount);
    relay = between;
    return null;
  }

  /** Leaves the other nodes. */
  Future<Void> leave() {
    if (relay != null) {
      relay.stop();
    }
    return cluster == null ? Future.succeededFuture() : cluster.close(vertx);
  }
}
