package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.room.Post;
import dev.parley.hub.room.Topics;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** Publish and subscribe inside a tenant. */
public final class TopicOperations {
  private final Topics topics;

  public TopicOperations(Topics topics) {
    this.topics = topics;
  }

  public void register(OperationTable table) {
    table
        .on("topic.publish", this::publish)
        .on("topic.broadcast", this::broadcast)
        .on("topic.subscribe", this::subscribe)
        .on("topic.unsubscribe", this::unsubscribe)
        .on("topic.list", this::list);
  }

  private Future<ObjectNode> publish(Caller caller, ObjectNode params) {
    return topics.publish(caller.scope(), topic(params), message(caller, params));
  }

  private Future<ObjectNode> broadcast(Caller caller, ObjectNode params) {
    return topics.broadcast(caller.scope(), message(caller, params));
  }

  private static Post message(Caller caller, ObjectNode params) {
    return Post.parse(
        caller.principal(), params, RoomOperations.cause(caller, params), caller.traceparent());
  }

  private Future<ObjectNode> subscribe(Caller caller, ObjectNode params) {
    AgentAddress agent = agent(caller.principal(), params);
    String topic = topic(params);
    return topics
        .subscribe(caller.principal(), caller.scope(), topic, agent)
        .map(
            done ->
                Json.object()
                    .put("topic", topic)
                    .put("agent", agent.toString())
                    .put("subscribed", true));
  }

  private Future<ObjectNode> unsubscribe(Caller caller, ObjectNode params) {
    AgentAddress agent = agent(caller.principal(), params);
    String topic = topic(params);
    return topics
        .unsubscribe(caller.principal(), caller.scope(), topic, agent)
        .map(
            was ->
                Json.object()
                    .put("topic", topic)
                    .put("agent", agent.toString())
                    .put("subscribed", false));
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    return topics.list(caller.scope(), params.path("topic").textValue());
  }

  private static String topic(ObjectNode params) {
    return params.path("topic").asText();
  }

  /** An own agent by its id, or one of another tenant by its address; by default the caller. */
  private static AgentAddress agent(Principal caller, ObjectNode params) {
    @Nullable String named = params.path("agent").textValue();
    if (named == null) {
      if (caller.agent() == null) {
        throw ParleyException.invalid("agent", "say which agent");
      }
      return new AgentAddress(caller.tenant(), caller.agent());
    }
    return ParleyException.inField(
        "agent",
        () ->
            named.indexOf('/') < 0
                ? new AgentAddress(caller.tenant(), new AgentId(named))
                : AgentAddress.parse(named));
  }
}
