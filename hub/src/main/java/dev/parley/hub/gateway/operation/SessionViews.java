package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.chat.Chats;
import dev.parley.hub.chat.Chats.SessionState;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.session.HistoryPage;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionFilter;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.Sessions;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Sessions and their transcripts as the OpenClaw gateway protocol shows them. */
public final class SessionViews {
  private static final int DEFAULT_ROWS = 200;
  private static final int DEFAULT_CHARS = 500_000;
  private static final String INTERRUPTED =
      "the hub stopped before the agent had answered; send the message again";

  private final Agents agents;
  private final Sessions sessions;
  private final Chats chats;
  private final AgentModels models;
  private final long hubStartedAt;

  /** A session key with the agent that it names. */
  record Located(SessionKey key, AgentDefinition agent) {}

  /** Some of {@code total} sessions. */
  record Page(List<ObjectNode> rows, int total) {}

  /**
   * Makes the views.
   *
   * @param defaultModel {@code provider/model} of agents that name none
   */
  public SessionViews(
      Agents agents, Sessions sessions, Chats chats, String defaultModel, Clock clock) {
    this.agents = agents;
    this.sessions = sessions;
    this.chats = chats;
    this.models = new AgentModels(defaultModel);
    this.hubStartedAt = clock.millis();
  }

  /**
   * The session that params name, of an agent that exists.
   *
   * @return fails with {@code not_found} when there is no such agent in the caller's tenant
   */
  Future<SessionKey> key(Caller caller, ObjectNode params, String field) {
    return locate(caller, params, field).map(Located::key);
  }

  private Future<Located> locate(Caller caller, ObjectNode params, String field) {
    String text = params.path(field).asText();
    String named = params.path("agentId").asText("");
    Future<AgentId> defaultAgent =
        named.isEmpty() ? defaultAgent(caller) : Future.succeededFuture(new AgentId(named));
    return defaultAgent
        .map(agent -> ParleyException.inField(field, () -> SessionKey.parse(text, agent)))
        .compose(
            key -> {
              if (!named.isEmpty() && !key.agent().value().equals(named)) {
                throw ParleyException.invalid(
                    "agentId", "the session key is of agent %s".formatted(key.agent()));
              }
              return agents.get(caller.scope(), key.agent()).map(agent -> new Located(key, agent));
            });
  }

  private Future<AgentId> defaultAgent(Caller caller) {
    AgentId usual = new AgentId(Agents.DEFAULT_AGENT);
    return agents
        .exists(caller.tenant(), usual)
        .compose(
            there ->
                there
                    ? Future.succeededFuture(usual)
                    : agents
                        .list(caller.scope())
                        .map(all -> new AgentId(AgentOperations.defaultOf(all))));
  }

  Future<ObjectNode> history(Caller caller, ObjectNode params) {
    return locate(caller, params, "sessionKey")
        .compose(
            at ->
                sessions
                    .history(
                        caller.scope(),
                        at.key,
                        params.path("limit").asInt(DEFAULT_ROWS),
                        params.path("offset").asLong(0),
                        Math.min(
                            params.path("maxChars").asInt(DEFAULT_CHARS),
                            params.path("maxBytes").asInt(DEFAULT_CHARS)))
                    .compose(
                        page ->
                            state(caller, at.key, page.session())
                                .map(state -> describe(caller, at, page, state))));
  }

  private ObjectNode describe(Caller caller, Located at, HistoryPage page, SessionState state) {
    ObjectNode result = Json.object().put("sessionKey", at.key.toString());
    SessionRow session = page.session();
    result.put("sessionId", session == null ? at.key.toString() : session.sessionId());
    ArrayNode messages = result.putArray("messages");
    page.rows().forEach(row -> messages.add(row.toJson()));
    result.putObject("pendingInputs").put("total", 0).putArray("items");
    result.put("hasMore", page.hasMore()).put("totalMessages", page.total());
    if (page.hasMore()) {
      result.put("nextOffset", page.nextOffset());
    }
    result.set("defaults", model(caller, at.agent));
    result.set(
        "sessionInfo", session == null ? absent(at.key) : row(caller, at.agent, session, state));
    Chats.InFlight run = state.inFlight();
    if (run != null) {
      result.putObject("inFlightRun").put("runId", run.runId()).put("text", run.text());
    }
    return result;
  }

  /** A session row with what only the running hub knows. */
  Future<ObjectNode> row(Caller caller, AgentDefinition agent, SessionRow session) {
    return state(caller, SessionKey.parse(session.key(), agent.id()), session)
        .map(state -> row(caller, agent, session, state));
  }

  private Future<SessionState> state(Caller caller, SessionKey key, @Nullable SessionRow row) {
    Set<SessionKey> running = isRunning(row) ? Set.of(key) : Set.of();
    return chats
        .states(caller.tenant(), Set.of(key), running)
        .map(states -> Objects.requireNonNull(states.get(key)));
  }

  private static boolean isRunning(@Nullable SessionRow row) {
    return row != null && row.lastRun() != null && row.lastRun().status() == RunStatus.RUNNING;
  }

  private ObjectNode row(
      Caller caller, AgentDefinition agent, SessionRow session, SessionState state) {
    ObjectNode json = session.toJson();
    Set<String> running = state.active();
    json.put("hasActiveRun", !running.isEmpty());
    running.forEach(json.putArray("activeRunIds")::add);
    SessionRow.LastRun last = session.lastRun();
    if (last != null && isLost(last, running)) {
      json.put("status", RunStatus.FAILED.sessionStatus()).put("lastRunError", INTERRUPTED);
      json.put("endedAt", session.updatedAt());
    }
    json.setAll(model(caller, agent));
    return json.put("visibility", "shared").put("sharingRole", "owner");
  }

  /** A run without an end that began before this hub and is not under way died with another. */
  private boolean isLost(SessionRow.LastRun run, Set<String> running) {
    return run.status() == RunStatus.RUNNING
        && run.startedAt() < hubStartedAt
        && !running.contains(run.runId());
  }

  private static ObjectNode absent(SessionKey key) {
    ObjectNode json =
        Json.object()
            .put("key", key.toString())
            .put("agentId", key.agent().value())
            .putNull("updatedAt")
            .put("hasActiveRun", false);
    json.putArray("activeRunIds");
    return json;
  }

  /** The model of sessions whose agent has not chosen one. */
  ObjectNode defaults() {
    return AgentModels.describe(models.defaultModel());
  }

  /** The model of an agent's sessions. */
  ObjectNode model(Caller caller, AgentDefinition agent) {
    return AgentModels.describe(modelName(caller, agent));
  }

  /** The model of an agent's sessions as {@code provider/model}. */
  String modelName(Caller caller, AgentDefinition agent) {
    return models.of(caller.tenant(), agent);
  }

  /** Runs {@code action} with the session that {@code params.key} names. */
  <T> Future<T> with(
      Caller caller, ObjectNode params, BiFunction<Located, Sessions, Future<T>> action) {
    return locate(caller, params, "key").compose(at -> action.apply(at, sessions));
  }

  /** The agents of the caller, or the one that params name. */
  Future<List<AgentDefinition>> agentsOf(Caller caller, @Nullable String named) {
    return named == null
        ? agents.list(caller.scope())
        : agents.get(caller.scope(), new AgentId(named)).map(List::of);
  }

  /** A page of the sessions of these agents, each as a row. */
  Future<Page> list(Caller caller, List<AgentDefinition> of, SessionFilter filter) {
    Map<String, AgentDefinition> byId =
        of.stream().collect(Collectors.toMap(agent -> agent.id().value(), Function.identity()));
    return sessions
        .list(caller.scope(), of.stream().map(AgentDefinition::id).toList(), filter)
        .compose(
            page -> {
              Map<SessionRow, SessionKey> keys = new LinkedHashMap<>();
              page.rows()
                  .forEach(
                      row ->
                          keys.put(row, SessionKey.parse(row.key(), new AgentId(row.agentId()))));
              Set<SessionKey> running =
                  keys.entrySet().stream()
                      .filter(one -> isRunning(one.getKey()))
                      .map(Map.Entry::getValue)
                      .collect(Collectors.toSet());
              return chats
                  .states(caller.tenant(), Set.copyOf(keys.values()), running)
                  .map(
                      states ->
                          new Page(
                              keys.entrySet().stream()
                                  .map(
                                      one ->
                                          row(
                                              caller,
                                              Objects.requireNonNull(
                                                  byId.get(one.getKey().agentId())),
                                              one.getKey(),
                                              Objects.requireNonNull(states.get(one.getValue()))))
                                  .toList(),
                              page.total()));
            });
  }
}
