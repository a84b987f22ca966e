package dev.parley.hub.agent;

import dev.parley.hub.switchboard.Endpoint;
import dev.parley.protocol.address.AgentAddress;
import io.vertx.core.Future;
import java.util.Optional;

/** The other nodes of a cluster, as the place where an agent may be. */
public interface OtherNodes {
  /** The way to an agent that is on another node; empty when it is to be on this one or nowhere. */
  Future<Optional<Endpoint>> locate(AgentAddress address, AgentDefinition.Kind kind);

  /** How many more messages a remote agent takes through its links to other nodes. */
  Future<Integer> room(AgentAddress address);

  /** Whether the agent is there on another node; empty when it would be on this one. */
  Future<Optional<AgentPresence>> presence(AgentAddress address, AgentDefinition.Kind kind);
}
