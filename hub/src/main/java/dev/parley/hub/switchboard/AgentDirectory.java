package dev.parley.hub.switchboard;

import dev.parley.protocol.address.AgentAddress;
import io.vertx.core.Future;

/** What the switchboard must know of agents. */
public interface AgentDirectory {
  /**
   * The endpoint of an agent.
   *
   * @return fails with {@code not_found}, or {@code agent_offline} when it exists and is not there
   */
  Future<Endpoint> locate(AgentAddress address);

  /** The agent's own limit of model tokens a day; negative when it has none. */
  Future<Long> tokensPerDay(AgentAddress address);

  /**
   * How many more messages the agent takes now: 0 when it is not connected, as many as one likes
   * when the hub runs it or when it is not defined, in which case {@link #locate} tells.
   */
  Future<Integer> room(AgentAddress address);

  /** Whether the agent is defined. */
  Future<Boolean> exists(AgentAddress address);
}
