package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.chat.Chats;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.session.HistoryPage;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.Sessions;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Sessions and their transcripts as the OpenClaw gateway protocol shows them. */
public final class SessionViews {
  private static final int DEFAULT_ROWS = 200;
  private static final int DEFAULT_CHARS = 500_000;
  private static final int CONTEXT_TOKENS = 16_000;

  private final Agents agents;
  private final Sessions sessions;
  private final Chats chats;
  private final String defaultModel;

  /**
   * Makes the views.
   *
   * @param defaultModel {@code provider/model} of agents that name none
   */
  public SessionViews(Agents agents, Sessions sessions, Chats chats, String defaultModel) {
    this.agents = agents;
    this.sessions = sessions;
    this.chats = chats;
    this.defaultModel = defaultModel;
  }

  /**
   * The session that params name, of an agent that exists.
   *
   * @return fails with {@code not_found} when there is no such agent in the caller's tenant
   */
  Future<SessionKey> key(Caller caller, ObjectNode params, String field) {
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
              return agents.get(caller.scope(), key.agent()).map(key);
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
    return key(caller, params, "sessionKey")
        .compose(
            key ->
                sessions
                    .history(
                        caller.scope(),
                        key,
                        params.path("limit").asInt(DEFAULT_ROWS),
                        params.path("offset").asLong(0),
                        Math.min(
                            params.path("maxChars").asInt(DEFAULT_CHARS),
                            params.path("maxBytes").asInt(DEFAULT_CHARS)))
                    .map(page -> describe(caller, key, page)));
  }

  Future<ObjectNode> startup(Caller caller, ObjectNode params) {
    return history(caller, params);
  }

  private ObjectNode describe(Caller caller, SessionKey key, HistoryPage page) {
    ObjectNode result = Json.object().put("sessionKey", key.toString());
    SessionRow session = page.session();
    result.put("sessionId", session == null ? key.toString() : session.sessionId());
    ArrayNode messages = result.putArray("messages");
    page.rows().forEach(row -> messages.add(row.toJson()));
    result.putObject("pendingInputs").put("total", 0).putArray("items");
    result.put("hasMore", page.hasMore()).put("totalMessages", page.total());
    if (page.hasMore()) {
      result.put("nextOffset", page.nextOffset());
    }
    result.set("defaults", defaults());
    result.set("sessionInfo", session == null ? absent(key) : row(caller, session));
    return result;
  }

  /** A session row with what only the running hub knows. */
  ObjectNode row(Caller caller, SessionRow session) {
    ObjectNode json = session.toJson();
    SessionKey key = SessionKey.parse(session.key(), new AgentId(session.agentId()));
    List<String> running = chats.activeRuns(caller.tenant(), key);
    json.put("hasActiveRun", !running.isEmpty());
    running.forEach(json.putArray("activeRunIds")::add);
    json.setAll(defaults());
    return json.put("visibility", "shared").put("sharingRole", "owner");
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

  /** The model of sessions that have not chosen one. */
  ObjectNode defaults() {
    int slash = defaultModel.indexOf('/');
    return Json.object()
        .put("modelProvider", defaultModel.substring(0, slash))
        .put("model", defaultModel.substring(slash + 1))
        .put("contextTokens", CONTEXT_TOKENS);
  }

  /** Runs {@code action} with the session that {@code params.key} names. */
  <T> Future<T> with(
      Caller caller, ObjectNode params, BiFunction<SessionKey, Sessions, Future<T>> action) {
    return key(caller, params, "key").compose(key -> action.apply(key, sessions));
  }

  /** The agents of the caller, or the one that params name. */
  Future<List<AgentId>> agentsOf(Caller caller, @Nullable String named) {
    return named == null
        ? agents.list(caller.scope()).map(all -> all.stream().map(AgentDefinition::id).toList())
        : agents.get(caller.scope(), new AgentId(named)).map(one -> List.of(one.id()));
  }

  Sessions sessions() {
    return sessions;
  }
}
