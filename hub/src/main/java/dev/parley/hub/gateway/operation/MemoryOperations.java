package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.memory.Memories;
import dev.parley.hub.memory.MemoryFilter;
import dev.parley.hub.memory.MemoryFound;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory: {@code memory.*}. An agent has its own and no other; a person that of every agent of the
 * tenant, as far as the role goes.
 */
public final class MemoryOperations {
  private static final int PAGE = 50;
  private static final int RESULTS = 10;

  private final Agents agents;
  private final Memories memories;

  public MemoryOperations(Agents agents, Memories memories) {
    this.agents = agents;
    this.memories = memories;
  }

  public void register(OperationTable table) {
    table
        .on("memory.put", this::put)
        .on("memory.get", this::get)
        .on("memory.list", this::list)
        .on("memory.search", this::search)
        .on("memory.delete", this::delete);
  }

  private Future<?> put(Caller caller, ObjectNode params) {
    List<String> tags = new ArrayList<>();
    params.path("tags").forEach(tag -> tags.add(tag.asText()));
    Memories.Draft draft =
        new Memories.Draft(
            params.path("id").textValue(),
            params.path("text").asText(),
            tags,
            params.path("session").textValue());
    return one(caller, params).compose(agent -> memories.put(caller.scope(), agent, draft));
  }

  private Future<?> get(Caller caller, ObjectNode params) {
    return one(caller, params)
        .compose(
            agent ->
                memories.get(
                    caller.scope(),
                    agent,
                    params.path("id").asText(),
                    params.path("from").asInt(1),
                    params.path("lines").asInt(Integer.MAX_VALUE)));
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    return some(caller, params)
        .compose(
            whose ->
                memories.list(
                    caller.scope(),
                    new HashSet<>(whose),
                    filter(params),
                    params.path("cursor").textValue(),
                    params.path("limit").asInt(PAGE)))
        .map(
            page -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("documents");
              page.documents().forEach(document -> list.add(Json.toNode(document)));
              return page.next() == null ? result : result.put("cursor", page.next());
            });
  }

  private Future<MemoryFound> search(Caller caller, ObjectNode params) {
    return some(caller, params)
        .compose(
            whose ->
                memories.search(
                    caller.scope(),
                    whose,
                    params.path("query").asText(),
                    filter(params),
                    params.path("limit").asInt(RESULTS),
                    null));
  }

  private Future<ObjectNode> delete(Caller caller, ObjectNode params) {
    return one(caller, params)
        .compose(agent -> memories.delete(caller.scope(), agent, params.path("id").asText()))
        .map(deleted -> Json.object().put("deleted", deleted));
  }

  /** The agent that is meant: the named one, itself for an agent, else the tenant's default. */
  private Future<AgentId> one(Caller caller, ObjectNode params) {
    AgentId named = named(caller, params);
    return named != null
        ? agents.get(caller.scope(), named).map(named)
        : agents
            .list(caller.scope())
            .map(all -> new AgentId(AgentOperations.defaultOf(all)))
            .compose(agent -> agents.get(caller.scope(), agent).map(agent));
  }

  /** The agents that are meant: the named one, itself for an agent, else all of the tenant. */
  private Future<List<AgentId>> some(Caller caller, ObjectNode params) {
    AgentId named = named(caller, params);
    return named != null
        ? agents.get(caller.scope(), named).map(List.of(named))
        : agents.list(caller.scope()).map(all -> all.stream().map(AgentDefinition::id).toList());
  }

  private static @Nullable AgentId named(Caller caller, ObjectNode params) {
    String text = params.path("agentId").textValue();
    AgentId named =
        text == null ? null : ParleyException.inField("agentId", () -> new AgentId(text));
    AgentId itself = caller.principal().agent();
    if (itself != null && named != null && !itself.equals(named)) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "this is the agent %s and has only its own memory".formatted(itself))
          .with("field", "agentId");
    }
    return itself == null ? named : itself;
  }

  private static MemoryFilter filter(ObjectNode params) {
    return new MemoryFilter(
        params.path("session").textValue(),
        params.path("tag").textValue(),
        params.has("since") ? params.path("since").asLong() : null,
        params.has("before") ? params.path("before").asLong() : null);
  }
}
