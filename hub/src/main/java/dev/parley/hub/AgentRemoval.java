package dev.parley.hub;

import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.gateway.operation.AgentOperations;
import dev.parley.hub.market.Market;
import dev.parley.hub.room.Rooms;
import dev.parley.hub.room.Topics;
import dev.parley.hub.schedule.Schedules;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import io.vertx.core.Future;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes an agent with everything that leads to it, so that a later agent of the same name answers
 * no old grant: its seats in rooms and subscriptions, its listings and their installs, the channels
 * that name it, its API keys, its schedules, its files. The definition goes last: when something
 * fails before, deleting it again does the rest. That it is gone is announced, upon which its
 * sockets close and its deliveries are cancelled on every node.
 */
final class AgentRemoval implements AgentOperations.Removal {
  private static final Logger LOG = LoggerFactory.getLogger(AgentRemoval.class);

  private final Agents agents;
  private final Market market;
  private final Channels channels;
  private final ApiKeys keys;
  private final Rooms rooms;
  private final Topics topics;
  private final Schedules schedules;
  private final Workspaces workspaces;
  private final Consumer<AgentAddress> wakeMailbox;

  /**
   * Removes from all of these.
   *
   * @param wakeMailbox is told of an agent that is gone, so that its mail fails
   */
  AgentRemoval(
      Agents agents,
      Market market,
      Channels channels,
      ApiKeys keys,
      Rooms rooms,
      Topics topics,
      Schedules schedules,
      Workspaces workspaces,
      Consumer<AgentAddress> wakeMailbox) {
    this.agents = agents;
    this.market = market;
    this.channels = channels;
    this.keys = keys;
    this.rooms = rooms;
    this.topics = topics;
    this.schedules = schedules;
    this.workspaces = workspaces;
    this.wakeMailbox = wakeMailbox;
  }

  @Override
  public Future<Removed> remove(Principal by, TenantScope scope, AgentId agent) {
    AgentAddress address = new AgentAddress(scope.tenant(), agent);
    String reason = "agent %s was deleted".formatted(agent);
    return agents
        .get(scope, agent)
        .compose(there -> rooms.retirement().agent(address))
        .compose(left -> topics.retire(scope, address))
        .compose(left -> market.retire(by, agent))
        .compose(
            retired ->
                channels
                    .revokeOf(by, address, reason)
                    .compose(
                        revoked ->
                            keys.revokeOf(scope.tenant(), agent)
                                .compose(
                                    ended ->
                                        schedules
                                            .deleteOf(scope, agent)
                                            .map(
                                                deleted ->
                                                    new Removed(
                                                        retired.listings(),
                                                        retired.installs(),
                                                        revoked,
                                                        ended,
                                                        deleted)))))
        .compose(removed -> agents.delete(scope, agent).map(removed))
        .compose(removed -> schedules.deleteOf(scope, agent).map(removed))
        .compose(removed -> workspaces.of(scope, agent).deleteAll().map(removed))
        .onSuccess(removed -> wakeMailbox.accept(address))
        .onSuccess(removed -> LOG.info("{} deleted by {}: {}", address, by, removed));
  }
}
