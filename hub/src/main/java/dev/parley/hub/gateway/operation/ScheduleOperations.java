package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.schedule.MissedPolicy;
import dev.parley.hub.schedule.Schedules;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** Messages at times. */
public final class ScheduleOperations {
  private static final int PAGE = 50;

  private final Schedules schedules;

  public ScheduleOperations(Schedules schedules) {
    this.schedules = schedules;
  }

  public void register(OperationTable table) {
    table
        .on("schedule.create", this::create)
        .on("schedule.list", this::list)
        .on("schedule.get", (caller, params) -> schedules.get(asker(caller, params), id(params)))
        .on(
            "schedule.update",
            (caller, params) -> schedules.update(asker(caller, params), id(params), wish(params)))
        .on(
            "schedule.delete",
            (caller, params) ->
                schedules
                    .delete(asker(caller, params), id(params))
                    .map(deleted -> Json.object().put("ok", true)))
        .on("schedule.run", this::run);
  }

  private Future<ObjectNode> create(Caller caller, ObjectNode params) {
    AgentId agent =
        ParleyException.inField("agent", () -> new AgentId(params.path("agent").asText()));
    return schedules.create(asker(caller, params), agent, wish(params));
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    return schedules
        .list(
            asker(caller, params),
            params.path("cursor").textValue(),
            params.path("limit").asInt(PAGE))
        .map(
            page -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("schedules");
              page.schedules().forEach(list::add);
              return page.next() == null ? result : result.put("cursor", page.next());
            });
  }

  private Future<ObjectNode> run(Caller caller, ObjectNode params) {
    return schedules
        .run(asker(caller, params), id(params))
        .map(
            sent -> Json.object().put("messageId", sent.id().value()).put("status", sent.status()));
  }

  private static Schedules.Asker asker(Caller caller, ObjectNode params) {
    Caller.Connection connection = caller.connection();
    String parent = params.path("parent").textValue();
    return new Schedules.Asker(
        caller.principal(),
        caller.scope(),
        connection == null
            ? null
            : connection.cause(
                parent == null
                    ? null
                    : ParleyException.inField("parent", () -> new MessageId(parent))),
        caller.traceparent());
  }

  private static Schedules.Wish wish(ObjectNode params) {
    String missed = params.path("missed").textValue();
    return new Schedules.Wish(
        params.path("cron").textValue(),
        params.has("at") ? params.path("at").asLong() : null,
        params.path("zone").textValue(),
        params.path("conversation").textValue(),
        missed == null ? null : MissedPolicy.of(missed),
        params.has("enabled") ? params.path("enabled").asBoolean() : null,
        params.has("payload") ? Json.raw(params.path("payload")) : null);
  }

  private static String id(ObjectNode params) {
    return params.path("id").asText();
  }
}
