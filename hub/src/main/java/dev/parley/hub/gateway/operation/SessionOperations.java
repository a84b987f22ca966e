package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.Caller.Topic;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.operation.SessionViews.Located;
import dev.parley.hub.session.SessionChanges;
import dev.parley.hub.session.SessionFilter;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.SessionRow;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The sessions of a tenant's agents: {@code sessions.*}. */
public final class SessionOperations {
  private static final int DEFAULT_LIMIT = 100;
  private static final int DEFAULT_PREVIEW_ROWS = 10;
  private static final int DEFAULT_PREVIEW_CHARS = 2_000;

  private static final Set<String> OFF = Set.of("", "off", "false");
  private static final String MODEL_OF_AGENT =
      "a session has the model of its agent; choose that with agents.update";
  private static final String NO_SUCH_SETTING = "this hub has no such setting of a session";

  private static final Map<String, String> NOT_AT_CREATION =
      Map.of(
          "message", "create the session first, then send the message with chat.send",
          "task", "create the session first, then send the task with chat.send",
          "fork", "this hub cannot fork a session",
          "incognito", "this hub keeps the transcript of every session");

  private static final Map<String, String> NOT_SETTABLE =
      Map.ofEntries(
          Map.entry("thinkingLevel", NO_SUCH_SETTING),
          Map.entry("reasoningLevel", NO_SUCH_SETTING),
          Map.entry("fastMode", NO_SUCH_SETTING),
          Map.entry("traceLevel", NO_SUCH_SETTING),
          Map.entry("responseUsage", NO_SUCH_SETTING),
          Map.entry("elevatedLevel", NO_SUCH_SETTING),
          Map.entry("permissionMode", NO_SUCH_SETTING),
          Map.entry("toolOverrides", NO_SUCH_SETTING),
          Map.entry("sendPolicy", NO_SUCH_SETTING),
          Map.entry("groupActivation", NO_SUCH_SETTING),
          Map.entry("execHost", NO_SUCH_SETTING));

  /** Is told when a session changes without a run; the row is null when it is gone. */
  @FunctionalInterface
  public interface Watcher {
    void changed(TenantId tenant, SessionKey session, @Nullable ObjectNode row, String reason);
  }

  private final SessionViews views;
  private final Watcher watcher;
  private final Clock clock;

  public SessionOperations(SessionViews views, Watcher watcher, Clock clock) {
    this.views = views;
    this.watcher = watcher;
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table
        .on("sessions.list", this::list)
        .on("sessions.subscribe", (caller, params) -> subscribe(caller, Topic.SESSIONS, null))
        .on("sessions.unsubscribe", (caller, params) -> unsubscribe(caller))
        .on("sessions.messages.subscribe", this::subscribeMessages)
        .on("sessions.describe", this::describe)
        .on("sessions.preview", this::preview)
        .on("sessions.resolve", this::resolve)
        .on("sessions.create", this::create)
        .on("sessions.patch", this::patch)
        .on("sessions.reset", this::reset)
        .on("sessions.delete", this::delete);
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    long activeMinutes = params.path("activeMinutes").asLong(0);
    int limit = params.path("limit").asInt(DEFAULT_LIMIT);
    SessionFilter filter =
        new SessionFilter(
            params.path("search").textValue(),
            params.path("label").textValue(),
            activeMinutes == 0 ? 0 : clock.millis() - activeMinutes * 60_000,
            params.path("offset").asInt(0),
            limit);
    return views
        .agentsOf(caller, params.path("agentId").textValue())
        .compose(agents -> views.list(caller, agents, filter))
        .map(
            page -> {
              int next = filter.offset() + page.rows().size();
              boolean more = next < page.total();
              ObjectNode result = Json.object().put("ts", clock.millis());
              result.put("count", page.rows().size()).put("totalCount", page.total());
              result.put("limitApplied", limit).put("hasMore", more);
              result.put("nextOffset", more ? Integer.valueOf(next) : null);
              result.putArray("owners");
              result.set("defaults", views.defaults());
              result.putArray("sessions").addAll(page.rows());
              return result;
            });
  }

  private static Future<ObjectNode> subscribe(
      Caller caller, Topic topic, @Nullable String sessionKey) {
    connection(caller).subscribe(topic, sessionKey);
    return Future.succeededFuture(Json.object().put("subscribed", true));
  }

  private static Future<ObjectNode> unsubscribe(Caller caller) {
    connection(caller).unsubscribe(Topic.SESSIONS);
    return Future.succeededFuture(Json.object().put("subscribed", false));
  }

  private Future<ObjectNode> subscribeMessages(Caller caller, ObjectNode params) {
    return views
        .key(caller, params, "key")
        .compose(
            key ->
                subscribe(caller, Topic.SESSION_MESSAGES, key.toString())
                    .map(done -> done.put("key", key.toString())));
  }

  private Future<ObjectNode> describe(Caller caller, ObjectNode params) {
    return views.with(
        caller,
        params,
        (at, sessions) ->
            sessions
                .describe(caller.scope(), at.key())
                .compose(
                    row ->
                        row == null
                            ? Future.succeededFuture(Json.object().putNull("session"))
                            : views
                                .row(caller, at.agent(), row)
                                .map(shown -> Json.object().set("session", shown))));
  }

  private Future<ObjectNode> preview(Caller caller, ObjectNode params) {
    int rows = params.path("limit").asInt(DEFAULT_PREVIEW_ROWS);
    int chars = params.path("maxChars").asInt(DEFAULT_PREVIEW_CHARS);
    List<Future<ObjectNode>> previews = new ArrayList<>();
    for (JsonNode text : params.path("keys")) {
      ObjectNode one = Json.object().set("key", text);
      previews.add(
          views.with(
              caller,
              one,
              (at, sessions) ->
                  sessions
                      .history(caller.scope(), at.key(), rows, 0, chars)
                      .map(
                          page -> {
                            ObjectNode preview =
                                Json.object().put("key", at.key().toString()).put("status", "ok");
                            ArrayNode items = preview.putArray("items");
                            page.rows()
                                .forEach(
                                    row ->
                                        items
                                            .addObject()
                                            .put("role", row.role().wireName())
                                            .put("text", row.text()));
                            return preview;
                          })));
    }
    return Future.all(previews)
        .map(
            all -> {
              ObjectNode result = Json.object().put("ts", clock.millis());
              ArrayNode list = result.putArray("previews");
              previews.forEach(preview -> list.add(preview.result()));
              return result;
            });
  }

  private Future<ObjectNode> resolve(Caller caller, ObjectNode params) {
    if (params.hasNonNull("key")) {
      return views.key(caller, params, "key").map(SessionOperations::resolved);
    }
    String id = params.path("sessionId").textValue();
    String label = params.path("label").textValue();
    if (id == null && label == null) {
      throw ParleyException.invalid("key", "say which session: key, sessionId or label");
    }
    String field = id == null ? "label" : "sessionId";
    String wanted = id == null ? label : id;
    return views
        .agentsOf(caller, params.path("agentId").textValue())
        .compose(agents -> views.list(caller, agents, SessionFilter.ALL))
        .map(
            page ->
                page.rows().stream()
                    .filter(row -> row.path(field).asText().equals(wanted))
                    .findFirst()
                    .map(
                        row ->
                            Json.object()
                                .put("ok", true)
                                .put("key", row.path("key").asText())
                                .put("agentId", row.path("agentId").asText()))
                    .orElseThrow(() -> ParleyException.notFound("session")));
  }

  private static ObjectNode resolved(SessionKey key) {
    return Json.object()
        .put("ok", true)
        .put("key", key.toString())
        .put("agentId", key.agent().value());
  }

  private Future<ObjectNode> create(Caller caller, ObjectNode params) {
    if (!params.hasNonNull("key")) {
      params.put("key", UUID.randomUUID().toString());
    }
    requireNone(params, NOT_AT_CREATION);
    String label = params.path("label").asText(params.path("displayName").textValue());
    return views.with(
        caller,
        params,
        (at, sessions) -> {
          requireModelOf(caller, at, params);
          return sessions
              .open(caller.scope(), at.key())
              .compose(
                  row ->
                      label == null
                          ? Future.succeededFuture(row)
                          : sessions.patch(caller.scope(), at.key(), SessionChanges.label(label)))
              .compose(row -> changed(caller, at, row, "create"));
        });
  }

  private Future<ObjectNode> patch(Caller caller, ObjectNode params) {
    requireNone(params, NOT_SETTABLE);
    SessionChanges changes =
        new SessionChanges(
            params.has("label") ? params.get("label").asText("") : null,
            flag(params, "archived"),
            flag(params, "pinned"),
            flag(params, "unread"),
            params.has("verboseLevel") ? params.get("verboseLevel").asText("") : null);
    return views.with(
        caller,
        params,
        (at, sessions) -> {
          requireModelOf(caller, at, params);
          return sessions
              .patch(caller.scope(), at.key(), changes)
              .compose(row -> changed(caller, at, row, "patch"));
        });
  }

  private Future<ObjectNode> reset(Caller caller, ObjectNode params) {
    String reason = params.path("reason").asText("reset");
    return views.with(
        caller,
        params,
        (at, sessions) ->
            sessions
                .reset(caller.scope(), at.key(), reason)
                .compose(done -> changed(caller, at, done.session(), reason)));
  }

  private Future<ObjectNode> delete(Caller caller, ObjectNode params) {
    return views.with(
        caller,
        params,
        (at, sessions) ->
            sessions
                .delete(caller.scope(), at.key())
                .map(
                    deleted -> {
                      watcher.changed(caller.tenant(), at.key(), null, "delete");
                      ObjectNode result = resolved(at.key()).put("deleted", deleted);
                      result.putArray("archived");
                      return result;
                    }));
  }

  private Future<ObjectNode> changed(Caller caller, Located at, SessionRow row, String reason) {
    return views
        .row(caller, at.agent(), row)
        .map(
            entry -> {
              watcher.changed(caller.tenant(), at.key(), entry, reason);
              ObjectNode result = resolved(at.key()).put("sessionId", row.sessionId());
              result.put("runStarted", false);
              result.set("entry", entry);
              result.set("resolved", views.model(caller, at.agent()));
              return result;
            });
  }

  /** Refuses what this hub would otherwise pretend to do; switching it off is fine. */
  private static void requireNone(ObjectNode params, Map<String, String> refusals) {
    refusals.forEach(
        (field, why) -> {
          JsonNode value = params.path(field);
          boolean off =
              value.isMissingNode()
                  || value.isNull()
                  || OFF.contains(value.isContainerNode() ? "set" : value.asText());
          if (!off) {
            throw ParleyException.invalid(field, why);
          }
        });
  }

  /** Choosing the model that the session has anyway, or its default, is fine. */
  private void requireModelOf(Caller caller, Located at, ObjectNode params) {
    JsonNode model = params.path("model");
    if (!model.isMissingNode()
        && !model.isNull()
        && !model.asText().equals(views.modelName(caller, at.agent()))) {
      throw ParleyException.invalid("model", MODEL_OF_AGENT);
    }
  }

  private static @Nullable Boolean flag(ObjectNode params, String name) {
    return params.has(name) ? params.get(name).asBoolean() : null;
  }

  private static Caller.Connection connection(Caller caller) {
    Caller.Connection connection = caller.connection();
    if (connection == null) {
      throw ParleyException.invalid("method", "only a WebSocket connection can subscribe");
    }
    return connection;
  }
}
