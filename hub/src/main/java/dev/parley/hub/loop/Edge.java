package dev.parley.hub.loop;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import org.jspecify.annotations.Nullable;

/** One agent that calls or writes to another: an edge of the graph that is watched. */
public record Edge(AgentAddress from, AgentAddress to) {

  /** The edge that a message takes; null for one of a person, to whom nothing comes back. */
  public static @Nullable Edge of(Party from, AgentAddress to) {
    return from.agent() == null
        ? null
        : new Edge(new AgentAddress(from.tenant(), from.agent()), to);
  }

  @Override
  public String toString() {
    return from + " → " + to;
  }
}
