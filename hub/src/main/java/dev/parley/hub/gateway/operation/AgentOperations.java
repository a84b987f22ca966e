package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.AgentDefinition.Skill;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.model.ModelListing;
import dev.parley.hub.model.Models;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The agents of a tenant. */
public final class AgentOperations {
  /** Deletes an agent with everything that leads to it. */
  public interface Removal {
    /** What went with the agent. */
    record Removed(
        int listingsUnpublished,
        int installsEnded,
        int channelsRevoked,
        int keysRevoked,
        int schedulesDeleted) {}

    /** Fails with {@code not_found}. */
    Future<Removed> remove(Principal by, TenantScope scope, AgentId agent);
  }

  private final Agents agents;
  private final Removal removal;
  private final RemoteAgents remote;
  private final Models models;
  private final Tenants tenants;
  private final AgentModels agentModels;
  private final Clock clock;

  /**
   * Makes the operations.
   *
   * @param defaultModel {@code provider/model} of agents that name none
   */
  public AgentOperations(
      Agents agents,
      Removal removal,
      RemoteAgents remote,
      Models models,
      Tenants tenants,
      String defaultModel,
      Clock clock) {
    this.agents = agents;
    this.removal = removal;
    this.remote = remote;
    this.models = models;
    this.tenants = tenants;
    this.agentModels = new AgentModels(defaultModel);
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table
        .on("agents.list", (caller, params) -> list(caller))
        .on("agents.create", this::create)
        .on("agents.update", this::update)
        .on("agents.delete", this::delete)
        .on("models.list", this::models);
  }

  /** The agents in the form of {@code agents.list}. */
  Future<ObjectNode> list(Caller caller) {
    return agents
        .list(caller.scope())
        .map(
            definitions -> {
              ObjectNode result = Json.object();
              result.put("defaultId", defaultOf(definitions)).put("mainKey", "main");
              result.put("scope", "per-sender").put("ownership", "sole");
              result.put("selectionRequired", false);
              ArrayNode list = result.putArray("agents");
              definitions.forEach(definition -> list.add(describe(caller, definition)));
              return result;
            });
  }

  static String defaultOf(List<AgentDefinition> definitions) {
    for (AgentDefinition definition : definitions) {
      if (definition.id().value().equals(Agents.DEFAULT_AGENT)) {
        return Agents.DEFAULT_AGENT;
      }
    }
    return definitions.isEmpty() ? Agents.DEFAULT_AGENT : definitions.get(0).id().value();
  }

  private ObjectNode describe(Caller caller, AgentDefinition definition) {
    AgentAddress address = new AgentAddress(caller.tenant(), definition.id());
    boolean isRemote = definition.kind() == AgentDefinition.Kind.REMOTE;
    ObjectNode json =
        Json.object()
            .put("id", definition.id().value())
            .put("kind", "agent")
            .put("name", definition.name())
            .put("address", address.toString())
            .put("placement", definition.kind().wireName())
            .put("online", !isRemote || remote.isConnected(address))
            .put("workspace", "agents/" + definition.id() + "/workspace")
            .put("createdAt", definition.createdAt());
    ObjectNode identity = json.putObject("identity").put("name", definition.name());
    if (definition.emoji() != null) {
      identity.put("emoji", definition.emoji());
    }
    if (definition.description() != null) {
      json.put("description", definition.description());
    }
    if (definition.tokensPerDay() != null) {
      json.put("tokensPerDay", definition.tokensPerDay());
    }
    ArrayNode skills = json.putArray("skills");
    definition.skills().forEach(skill -> skills.add(Json.toNode(skill)));
    json.putObject("model").put("primary", agentModels.of(caller.tenant(), definition));
    return json;
  }

  private Future<ObjectNode> create(Caller caller, ObjectNode params) {
    String name = params.path("name").asText();
    AgentId id = new AgentId(params.path("id").asText(slug(name)));
    AgentDefinition definition =
        new AgentDefinition(
            id,
            name,
            params.path("kind").asText("hosted").equals("remote")
                ? AgentDefinition.Kind.REMOTE
                : AgentDefinition.Kind.HOSTED,
            params.path("model").textValue(),
            params.path("emoji").textValue(),
            params.path("description").textValue(),
            skills(params.path("skills")),
            longOrNull(params.path("tokensPerDay")),
            clock.millis());
    return requireUsable(caller, definition.model())
        .compose(usable -> tenants.get(caller.tenant()))
        .compose(
            tenant ->
                agents.create(caller.scope(), definition, Limits.value(tenant.limits().agents())))
        .map(
            made ->
                Json.object()
                    .put("ok", true)
                    .put("agentId", id.value())
                    .put("name", name)
                    .put("address", new AgentAddress(caller.tenant(), id).toString())
                    .put("workspace", "agents/" + id + "/workspace"));
  }

  private Future<ObjectNode> update(Caller caller, ObjectNode params) {
    AgentId id = new AgentId(params.path("agentId").asText());
    String model = params.path("model").textValue();
    return requireUsable(caller, model)
        .compose(usable -> agents.get(caller.scope(), id))
        .compose(
            old ->
                agents.update(
                    caller.scope(),
                    new AgentDefinition(
                        id,
                        params.path("name").asText(old.name()),
                        old.kind(),
                        model == null ? old.model() : model,
                        params.path("emoji").asText(old.emoji()),
                        params.path("description").asText(old.description()),
                        params.has("skills") ? skills(params.get("skills")) : old.skills(),
                        params.has("tokensPerDay")
                            ? longOrNull(params.get("tokensPerDay"))
                            : old.tokensPerDay(),
                        old.createdAt())))
        .map(updated -> Json.object().put("ok", true).put("agentId", id.value()));
  }

  private Future<ObjectNode> delete(Caller caller, ObjectNode params) {
    AgentId id = new AgentId(params.path("agentId").asText());
    return removal
        .remove(caller.principal(), caller.scope(), id)
        .map(
            gone -> {
              ObjectNode result = Json.object().put("ok", true).put("agentId", id.value());
              return result.setAll(Json.toNode(gone));
            });
  }

  private Future<ObjectNode> models(Caller caller, ObjectNode params) {
    String provider = params.path("provider").textValue();
    boolean details = params.path("includeDetails").asBoolean();
    String agent = params.path("agentId").textValue();
    Future<?> known =
        agent == null ? Future.succeededFuture() : agents.get(caller.scope(), new AgentId(agent));
    return known
        .compose(there -> models.list(caller.scope()))
        .map(
            listed -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("models");
              listed.stream()
                  .filter(model -> provider == null || model.provider().equals(provider))
                  .forEach(model -> list.add(describe(model, details)));
              return result;
            });
  }

  private ObjectNode describe(ModelListing model, boolean details) {
    ObjectNode json =
        Json.object()
            .put("id", model.name())
            .put("name", model.name())
            .put("provider", model.provider())
            .put("available", true);
    if (model.id().equals(agentModels.defaultModel())) {
      json.putArray("tags").add("default").add("configured");
    }
    if (details) {
      json.put("contextTokens", AgentModels.CONTEXT_TOKENS).putArray("input").add("text");
    }
    return json;
  }

  /** Refuses a model that the tenant has no key for, before an agent is made to wait for it. */
  private Future<Void> requireUsable(Caller caller, @Nullable String model) {
    return model == null
        ? Future.succeededFuture()
        : models.resolve(caller.scope(), model).mapEmpty();
  }

  private static List<Skill> skills(JsonNode json) {
    List<Skill> skills = new ArrayList<>();
    json.forEach(
        skill ->
            skills.add(
                new Skill(skill.path("name").asText(), skill.path("description").textValue())));
    return skills;
  }

  private static @Nullable Long longOrNull(JsonNode json) {
    return json.isIntegralNumber() ? json.longValue() : null;
  }

  private static String slug(String name) {
    String slug =
        name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-+|-+$", "");
    if (slug.isEmpty()) {
      throw ParleyException.invalid(
          "id", "no id can be made of this name; give one with the parameter id");
    }
    return slug.length() > 40 ? slug.substring(0, 40).replaceAll("-+$", "") : slug;
  }
}
