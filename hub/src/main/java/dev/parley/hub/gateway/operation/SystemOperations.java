package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.session.SessionFilter;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Health, status and presence, each of the caller's own tenant, and the lists and the configuration
 * that are empty because this hub has no such thing.
 */
public final class SystemOperations {
  private static final SessionFilter RECENT = new SessionFilter(null, null, 0, 0, 5);

  private final Supplier<Future<Void>> storeReady;
  private final Function<TenantId, ArrayNode> presence;
  private final SessionViews views;
  private final String version;
  private final Clock clock;

  private record AgentSessions(AgentDefinition agent, SessionViews.Page page) {}

  /**
   * Makes the operations.
   *
   * @param storeReady fails when the store is away
   */
  public SystemOperations(
      Supplier<Future<Void>> storeReady,
      Function<TenantId, ArrayNode> presence,
      SessionViews views,
      String version,
      Clock clock) {
    this.storeReady = storeReady;
    this.presence = presence;
    this.views = views;
    this.version = version;
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table
        .on("health", (caller, params) -> health(caller))
        .on("status", (caller, params) -> status(caller))
        .on(
            "system-presence",
            (caller, params) -> Future.succeededFuture(presence.apply(caller.tenant())))
        .on("config.get", (caller, params) -> noConfiguration())
        .on("last-heartbeat", (caller, params) -> Future.succeededFuture(NullNode.instance))
        .on("commands.list", (caller, params) -> empty("commands"))
        .on("question.list", (caller, params) -> empty("questions"))
        .on(
            "plugin.approval.list",
            (caller, params) -> Future.succeededFuture(Json.mapper().createArrayNode()));
  }

  private Future<ObjectNode> health(Caller caller) {
    long before = clock.millis();
    return storeReady
        .get()
        .compose(ready -> sessions(caller))
        .map(agents -> health(caller, agents, true))
        .otherwise(away -> health(caller, List.of(), false))
        .map(health -> health.put("durationMs", clock.millis() - before));
  }

  private ObjectNode health(Caller caller, List<AgentSessions> agents, boolean ok) {
    ObjectNode health = Json.object().put("ok", ok).put("ts", clock.millis());
    health.putObject("channels");
    health.putArray("channelOrder");
    health.putObject("channelLabels");
    health.put("heartbeatSeconds", 0);
    String defaultId =
        AgentOperations.defaultOf(agents.stream().map(AgentSessions::agent).toList());
    health.put("defaultAgentId", defaultId);
    ArrayNode list = health.putArray("agents");
    for (AgentSessions one : agents) {
      String id = one.agent.id().value();
      ObjectNode agent = list.addObject().put("agentId", id).put("name", one.agent.name());
      agent.put("isDefault", id.equals(defaultId));
      agent.putObject("heartbeat").put("enabled", false).put("every", "0m").putNull("everyMs");
      ObjectNode sessions = agent.putObject("sessions");
      sessions.put("path", new AgentAddress(caller.tenant(), one.agent.id()).toString());
      sessions.put("count", one.page.total()).set("recent", recent(one.page));
    }
    return health;
  }

  private Future<ObjectNode> status(Caller caller) {
    return sessions(caller)
        .map(
            agents -> {
              ObjectNode status =
                  Json.object()
                      .put("runtimeVersion", version)
                      .put("tenant", caller.tenant().value())
                      .put("connected", presence.apply(caller.tenant()).size());
              status.putArray("channelSummary");
              status.putArray("queuedSystemEvents");
              ObjectNode sessions = status.putObject("sessions");
              sessions.putArray("paths");
              sessions.put("count", agents.stream().mapToInt(one -> one.page.total()).sum());
              sessions.set("defaults", views.defaults());
              ArrayNode recent = sessions.putArray("recent");
              agents.forEach(one -> recent.addAll(recent(one.page)));
              return status;
            });
  }

  private ArrayNode recent(SessionViews.Page page) {
    ArrayNode recent = Json.mapper().createArrayNode();
    for (ObjectNode row : page.rows()) {
      recent
          .addObject()
          .put("key", row.path("key").asText())
          .put("kind", row.path("kind").asText())
          .put("updatedAt", row.path("updatedAt").asLong())
          .put("age", Math.max(0, clock.millis() - row.path("updatedAt").asLong()))
          .put("model", row.path("model").asText())
          .put("totalTokens", row.path("totalTokens").asLong())
          .put("contextTokens", row.path("contextTokens").asLong());
    }
    return recent;
  }

  /** The sessions of each agent of the caller; nobody's when they may not read chats. */
  private Future<List<AgentSessions>> sessions(Caller caller) {
    if (!caller.principal().may(Permission.CHAT_READ)) {
      return Future.succeededFuture(List.of());
    }
    return views
        .agentsOf(caller, null)
        .compose(
            agents -> {
              List<Future<AgentSessions>> reading = new ArrayList<>();
              for (AgentDefinition agent : agents) {
                reading.add(
                    views
                        .list(caller, List.of(agent), RECENT)
                        .map(page -> new AgentSessions(agent, page)));
              }
              return Future.all(reading).map(all -> reading.stream().map(Future::result).toList());
            });
  }

  /** No file configures this hub for its tenants. */
  private static Future<ObjectNode> noConfiguration() {
    ObjectNode none = Json.object().put("exists", false).put("valid", true).putNull("raw");
    for (String part : List.of("parsed", "config", "runtimeConfig")) {
      none.putObject(part);
    }
    for (String part : List.of("issues", "warnings", "legacyIssues")) {
      none.putArray(part);
    }
    return Future.succeededFuture(none);
  }

  private static Future<ObjectNode> empty(String list) {
    ObjectNode result = Json.object();
    result.putArray(list);
    return Future.succeededFuture(result);
  }
}
