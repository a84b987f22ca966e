package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;

/**
 * Which model an agent has, as {@code provider/model}; a remote agent is its own provider.
 *
 * @param defaultModel of agents that name none
 */
record AgentModels(String defaultModel) {
  /** How many tokens of a conversation a model is shown. */
  static final int CONTEXT_TOKENS = 16_000;

  String of(TenantId tenant, AgentDefinition agent) {
    if (agent.kind() == AgentDefinition.Kind.REMOTE) {
      return "remote/" + new AgentAddress(tenant, agent.id());
    }
    return agent.model() == null ? defaultModel : agent.model();
  }

  /** A model as sessions show it. Nobody chooses how hard it thinks. */
  static ObjectNode describe(String model) {
    int slash = model.indexOf('/');
    ObjectNode json =
        Json.object()
            .put("modelProvider", model.substring(0, slash))
            .put("model", model.substring(slash + 1))
            .put("contextTokens", CONTEXT_TOKENS);
    json.putArray("thinkingLevels").addObject().put("id", "off").put("label", "off");
    return json;
  }
}
