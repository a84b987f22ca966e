package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.channel.Channel;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Proposal;
import dev.parley.hub.channel.Status;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** Consent between tenants. */
public final class ChannelOperations {
  private final Channels channels;
  private final Switchboard switchboard;

  public ChannelOperations(Channels channels, Switchboard switchboard) {
    this.channels = channels;
    this.switchboard = switchboard;
  }

  public void register(OperationTable table) {
    table
        .on(
            "channel.propose",
            (caller, params) ->
                channels
                    .propose(caller.principal(), Proposal.parse(params))
                    .map(ChannelOperations::one))
        .on(
            "channel.accept",
            (caller, params) ->
                channels
                    .accept(caller.principal(), params.path("id").asText())
                    .map(ChannelOperations::one))
        .on("channel.revoke", this::revoke)
        .on("channel.list", this::list)
        .on(
            "channel.get",
            (caller, params) ->
                channels
                    .get(caller.principal(), params.path("id").asText())
                    .map(ChannelOperations::one));
  }

  private Future<ObjectNode> revoke(Caller caller, ObjectNode params) {
    String id = params.path("id").asText();
    int inFlight = switchboard.inFlightOn(id);
    return channels
        .revoke(caller.principal(), id, params.path("reason").textValue())
        .map(channel -> one(channel).put("cancelled", inFlight));
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    Status status = params.hasNonNull("status") ? Status.of(params.get("status").asText()) : null;
    return channels
        .list(caller.principal(), status)
        .map(
            found -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("channels");
              found.forEach(channel -> list.add(channel.toJson()));
              return result;
            });
  }

  private static ObjectNode one(Channel channel) {
    ObjectNode result = Json.object();
    result.set("channel", channel.toJson());
    return result;
  }
}
