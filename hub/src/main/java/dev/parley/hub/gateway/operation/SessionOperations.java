package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.Caller.Topic;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.session.SessionChanges;
import dev.parley.hub.session.SessionFilter;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.SessionRow;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The sessions of a tenant's agents: {@code sessions.*}. */
public final class SessionOperations {
  private static final int DEFAULT_LIMIT = 100;
  private static final int DEFAULT_PREVIEW_ROWS = 10;
  private static final int DEFAULT_PREVIEW_CHARS = 2_000;

  /** Is told when a session changes without a run. */
  @FunctionalInterface
  public interface Watcher {
    void changed(Run session, @Nullable SessionRow row, String reason);
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
        .compose(agents -> views.sessions().list(caller.scope(), agents, filter))
        .map(
            page -> {
              ObjectNode result = Json.object().put("ts", clock.millis());
              result.put("count", page.rows().size()).put("totalCount", page.total());
              result
                  .put("limitApplied", limit)
                  .put("hasMore", filter.offset() + page.rows().size() < page.total());
              if (filter.offset() + page.rows().size() < page.total()) {
                result.put("nextOffset", filter.offset() + page.rows().size());
              } else {
                result.putNull("nextOffset");
              }
              result.putArray("owners");
              result.set("defaults", views.defaults());
              ArrayNode sessions = result.putArray("sessions");
              page.rows().forEach(row -> sessions.add(views.row(caller, row)));
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
    return views
        .<SessionRow>with(caller, params, (key, sessions) -> sessions.describe(caller.scope(), key))
        .map(
            row -> {
              ObjectNode result = Json.object();
              if (row == null) {
                return result.putNull("session");
              }
              result.set("session", views.row(caller, row));
              return result;
            });
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
              (key, sessions) ->
                  sessions
                      .history(caller.scope(), key, rows, 0, chars)
                      .map(
                          page -> {
                            ObjectNode preview =
                                Json.object().put("key", key.toString()).put("status", "ok");
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
    return views
        .agentsOf(caller, params.path("agentId").textValue())
        .compose(agents -> views.sessions().list(caller.scope(), agents, SessionFilter.ALL))
        .map(
            page ->
                page.rows().stream()
                    .filter(
                        row ->
                            id == null
                                ? label.equals(row.marks().label())
                                : row.sessionId().equals(id))
                    .findFirst()
                    .map(
                        row ->
                            Json.object()
                                .put("ok", true)
                                .put("key", row.key())
                                .put("agentId", row.agentId()))
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
    String label = params.path("label").asText(params.path("displayName").textValue());
    return views.with(
        caller,
        params,
        (key, sessions) ->
            sessions
                .open(caller.scope(), key)
                .compose(
                    row ->
                        label == null
                            ? Future.succeededFuture(row)
                            : sessions.patch(
                                caller.scope(), key, new SessionChanges(label, null, null, null)))
                .map(row -> changed(caller, key, row, "create")));
  }

  private Future<ObjectNode> patch(Caller caller, ObjectNode params) {
    SessionChanges changes =
        new SessionChanges(
            params.has("label") ? params.get("label").asText("") : null,
            flag(params, "archived"),
            flag(params, "pinned"),
            flag(params, "unread"));
    return views.with(
        caller,
        params,
        (key, sessions) ->
            sessions
                .patch(caller.scope(), key, changes)
                .map(row -> changed(caller, key, row, "patch")));
  }

  private Future<ObjectNode> reset(Caller caller, ObjectNode params) {
    String reason = params.path("reason").asText("reset");
    return views.with(
        caller,
        params,
        (key, sessions) ->
            sessions
                .reset(caller.scope(), key, reason)
                .map(done -> changed(caller, key, done.session(), reason)));
  }

  private Future<ObjectNode> delete(Caller caller, ObjectNode params) {
    return views.with(
        caller,
        params,
        (key, sessions) ->
            sessions
                .delete(caller.scope(), key)
                .map(
                    deleted -> {
                      watcher.changed(new Run(caller.tenant(), key, ""), null, "delete");
                      ObjectNode result = resolved(key).put("deleted", deleted);
                      result.putArray("archived");
                      return result;
                    }));
  }

  private ObjectNode changed(Caller caller, SessionKey key, SessionRow row, String reason) {
    watcher.changed(new Run(caller.tenant(), key, ""), row, reason);
    ObjectNode result = resolved(key).put("sessionId", row.sessionId());
    result.put("runStarted", false);
    result.set("entry", views.row(caller, row));
    result.set("resolved", views.defaults());
    return result;
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
