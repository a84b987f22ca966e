package dev.parley.hub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.Neighbours;
import dev.parley.hub.channel.Channel;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Status;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;

/** Whom an agent may call: the others of its tenant, and those a channel leads to. */
final class CallableAgents implements Neighbours {
  private static final int MAX_LISTED = 100;

  private final Agents agents;
  private final Channels channels;
  private final TenantScopes scopes;

  CallableAgents(Agents agents, Channels channels, TenantScopes scopes) {
    this.agents = agents;
    this.channels = channels;
    this.scopes = scopes;
  }

  @Override
  public Future<ArrayNode> of(Principal agent) {
    return agents
        .list(scopes.of(agent))
        .compose(
            own -> channels.list(agent, Status.ACTIVE).map(active -> list(agent, own, active)));
  }

  private static ArrayNode list(Principal agent, List<AgentDefinition> own, List<Channel> active) {
    ArrayNode list = Json.mapper().createArrayNode();
    for (AgentDefinition definition : own) {
      if (!definition.id().equals(agent.agent()) && list.size() < MAX_LISTED) {
        list.addObject()
            .put("address", agent.tenant() + "/" + definition.id())
            .put("name", definition.name())
            .put("description", definition.description());
      }
    }
    for (Channel channel : active) {
      if (channel.from().covers(agent.party()) && list.size() < MAX_LISTED) {
        list.addObject()
            .put("address", channel.to().toString())
            .put("description", channel.terms().purpose());
      }
    }
    return list;
  }
}
