package dev.parley.hub.loop;

import dev.parley.protocol.address.AgentAddress;

/** One agent that calls or writes to another: an edge of the graph that is watched. */
public record Edge(AgentAddress from, AgentAddress to) {
  @Override
  public String toString() {
    return from + " → " + to;
  }
}
