package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.room.Listen;
import dev.parley.hub.room.Post;
import dev.parley.hub.room.Posts;
import dev.parley.hub.room.RoomId;
import dev.parley.hub.room.Rooms;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** Group conversations. */
public final class RoomOperations {
  private static final int PAGE = 50;

  private final Rooms rooms;
  private final Posts posts;

  public RoomOperations(Rooms rooms, Posts posts) {
    this.rooms = rooms;
    this.posts = posts;
  }

  public void register(OperationTable table) {
    table
        .on("room.create", this::create)
        .on("room.list", (caller, params) -> list(caller))
        .on("room.get", (caller, params) -> one(rooms.get(caller.principal(), room(params))))
        .on("room.invite", this::invite)
        .on(
            "room.accept",
            (caller, params) -> one(rooms.accept(caller.principal(), room(params), agent(params))))
        .on("room.leave", this::leave)
        .on("room.remove", this::remove)
        .on("room.listen", this::listen)
        .on("room.limits", this::limits)
        .on("room.close", (caller, params) -> one(rooms.close(caller.principal(), room(params))))
        .on("room.post", this::post)
        .on("room.history", this::history)
        .on("room.subscribe", this::subscribe)
        .on("room.unsubscribe", this::unsubscribe);
  }

  private Future<ObjectNode> create(Caller caller, ObjectNode params) {
    String name = params.path("name").asText();
    return one(
        ParleyException.inField(
            "name",
            () ->
                rooms.create(
                    caller.principal(),
                    name,
                    params.path("title").asText(name),
                    number(params, "postsPerMinute"),
                    number(params, "deliveriesPerDay"))));
  }

  private Future<ObjectNode> list(Caller caller) {
    return rooms
        .list(caller.principal())
        .map(
            found -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("rooms");
              found.forEach(list::add);
              return result;
            });
  }

  private Future<ObjectNode> invite(Caller caller, ObjectNode params) {
    return one(rooms.invite(caller.principal(), room(params), party(params)));
  }

  private Future<ObjectNode> leave(Caller caller, ObjectNode params) {
    RoomId room = room(params);
    return rooms
        .leave(caller.principal(), room, agent(params))
        .map(left -> Json.object().put("room", room.toString()).put("left", true));
  }

  private Future<ObjectNode> remove(Caller caller, ObjectNode params) {
    return one(rooms.remove(caller.principal(), room(params), party(params)));
  }

  private Future<ObjectNode> listen(Caller caller, ObjectNode params) {
    Principal principal = caller.principal();
    AgentId named = agent(params);
    AgentId agent = named == null ? principal.agent() : named;
    if (agent == null) {
      throw ParleyException.invalid("agent", "say which own agent listens");
    }
    if (principal.agent() != null && !principal.agent().equals(agent)) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "this is the agent %s and says only how it listens itself"
                  .formatted(principal.agent()))
          .with("field", "agent");
    }
    return rooms
        .listen(principal, room(params), agent, Listen.parse(params))
        .map(listener -> Json.object().set("listener", listener));
  }

  private Future<ObjectNode> limits(Caller caller, ObjectNode params) {
    return one(
        rooms.setLimits(
            caller.principal(),
            room(params),
            number(params, "postsPerMinute"),
            number(params, "deliveriesPerDay")));
  }

  private Future<ObjectNode> post(Caller caller, ObjectNode params) {
    return posts.post(
        room(params),
        Post.parse(caller.principal(), params, cause(caller, params), caller.traceparent()));
  }

  /** What the caller is handling, as it says or as the hub knows. */
  static @Nullable CallCause cause(Caller caller, ObjectNode params) {
    String parent = params.path("parent").textValue();
    MessageId id =
        parent == null ? null : ParleyException.inField("parent", () -> new MessageId(parent));
    Caller.Connection connection = caller.connection();
    return connection == null ? null : connection.cause(id);
  }

  private Future<ObjectNode> history(Caller caller, ObjectNode params) {
    return posts.history(
        caller.principal(),
        room(params),
        params.path("offset").asLong(1),
        params.path("limit").asInt(PAGE));
  }

  private Future<ObjectNode> subscribe(Caller caller, ObjectNode params) {
    RoomId room = room(params);
    return rooms
        .get(caller.principal(), room)
        .map(
            view -> {
              if (!view.path("membership").asText().equals("joined")) {
                throw new ParleyException(
                    ErrorCode.CONFLICT,
                    "accept the invitation to room %s before you subscribe".formatted(room));
              }
              socket(caller).subscribe(Caller.Topic.ROOMS, room.toString());
              return Json.object().put("subscribed", true);
            });
  }

  private Future<ObjectNode> unsubscribe(Caller caller, ObjectNode params) {
    socket(caller).unsubscribe(Caller.Topic.ROOMS);
    return Future.succeededFuture(Json.object().put("subscribed", false));
  }

  private static Caller.Connection socket(Caller caller) {
    Caller.Connection connection = caller.connection();
    if (connection == null) {
      throw ParleyException.invalid("method", "events come over a socket only");
    }
    return connection;
  }

  private static Future<ObjectNode> one(Future<ObjectNode> room) {
    return room.map(view -> Json.object().set("room", view));
  }

  private static RoomId room(ObjectNode params) {
    return ParleyException.inField("room", () -> RoomId.parse(params.path("room").asText()));
  }

  private static Party party(ObjectNode params) {
    return ParleyException.inField("party", () -> Party.parse(params.path("party").asText()));
  }

  private static @Nullable AgentId agent(ObjectNode params) {
    String agent = params.path("agent").textValue();
    return agent == null ? null : ParleyException.inField("agent", () -> new AgentId(agent));
  }

  private static @Nullable Long number(ObjectNode params, String field) {
    return params.has(field) ? params.path(field).asLong() : null;
  }
}
