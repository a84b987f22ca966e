package dev.parley.hub.agent.relay;

import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.AgentPresence;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.OtherNodes;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.Placement;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.switchboard.Endpoint;
import dev.parley.protocol.address.AgentAddress;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** This node's part in calls between nodes: the way out, the way in, and who is where. */
public final class Relay implements OtherNodes {
  private final Placement placement;
  private final Whereabouts whereabouts;
  private final Outbound outbound;
  private final Inbound inbound;

  public Relay(
      Vertx vertx,
      Placement placement,
      NodeBus bus,
      Agents agents,
      RemoteAgents here,
      LoopBreaker loops,
      Clock clock) {
    this.placement = placement;
    this.whereabouts = new Whereabouts(vertx, placement, bus, here);
    this.outbound = new Outbound(vertx, bus, whereabouts, placement.self());
    this.inbound = new Inbound(vertx, bus, agents, here, loops, clock);
  }

  /** Begins to listen to the other nodes and to tell them of this one's agents. */
  public void start() {
    outbound.start();
    inbound.start();
    whereabouts.start();
    placement.onChange(this::changed);
  }

  /** Tells nobody any more; calls that cross end with their nodes. */
  public void stop() {
    whereabouts.stop();
    outbound.stop();
    inbound.stop();
  }

  /** Calls of this node that are under way on others. */
  public int outboundCount() {
    return outbound.count();
  }

  /** Replies from other nodes that came with a piece missing, and were failed. */
  public long brokenCount() {
    return outbound.brokenCount();
  }

  /** Calls of other nodes that are under way on this one. */
  public int inboundCount() {
    return inbound.count();
  }

  @Override
  public Future<Optional<Endpoint>> locate(AgentAddress address, AgentDefinition.Kind kind) {
    if (kind == AgentDefinition.Kind.HOSTED) {
      String place = placement.of(address);
      return Future.succeededFuture(
          place.equals(placement.self())
              ? Optional.empty()
              : Optional.of(outbound.toHosted(place)));
    }
    return whereabouts.of(address).map(nodes -> outbound.oneOf(nodes).map(outbound::toRemote));
  }

  @Override
  public Future<Integer> room(AgentAddress address) {
    return whereabouts.of(address).compose(nodes -> outbound.room(address, nodes));
  }

  @Override
  public Future<Optional<AgentPresence>> presence(AgentAddress address, AgentDefinition.Kind kind) {
    if (kind == AgentDefinition.Kind.REMOTE) {
      return whereabouts
          .of(address)
          .compose(nodes -> outbound.presence(address, nodes))
          .map(Optional::of);
    }
    String place = placement.of(address);
    return place.equals(placement.self())
        ? Future.succeededFuture(Optional.empty())
        : outbound.presence(address, List.of(place)).map(Optional::of);
  }

  private void changed() {
    Set<String> nodes = placement.nodes();
    outbound.keepOnly(nodes);
    inbound.keepOnly(nodes);
    whereabouts.changed();
  }
}
