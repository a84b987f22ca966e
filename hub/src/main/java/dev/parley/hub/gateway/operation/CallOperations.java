package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.Outgoing;
import dev.parley.hub.switchboard.Reply;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.CallParams;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** {@code agent.call} over REST; over WebSocket it has a faster way of its own. */
public final class CallOperations {
  private final Switchboard switchboard;

  public CallOperations(Switchboard switchboard) {
    this.switchboard = switchboard;
  }

  public void register(OperationTable table) {
    table
        .on("agent.call", this::call)
        .on(
            "agent.cancel",
            (caller, params) ->
                Future.failedFuture(
                    ParleyException.invalid("method", "agent.cancel needs a WebSocket")))
        .on(
            "stream.resume",
            (caller, params) ->
                Future.failedFuture(
                    ParleyException.invalid("method", "stream.resume needs a WebSocket")));
  }

  private Future<ObjectNode> call(Caller caller, ObjectNode params) {
    CallParams call = CallParams.parse(new RawJson(Json.write(params)));
    if (call.stream()) {
      throw ParleyException.invalid("stream", "streaming needs a WebSocket connection");
    }
    CallOrder order =
        new CallOrder(
            caller.principal(),
            call.from(),
            call.to(),
            call.payload(),
            call.conversation(),
            call.timeoutMs(),
            Kind.CALL,
            null,
            call.messageId(),
            null);
    Outgoing outgoing = switchboard.prepare(order, Switchboard.Chunks.IGNORED);
    Promise<ObjectNode> answer = Promise.promise();
    outgoing.start(reply -> answer.complete(describe(reply)), answer::fail);
    caller.gone().onSuccess(hungUp -> outgoing.cancel("its caller disconnected"));
    return answer.future();
  }

  private static ObjectNode describe(Reply reply) {
    ObjectNode result =
        Json.object()
            .put("messageId", reply.message().value())
            .put("from", reply.from().toString())
            .put("conversation", reply.conversation());
    if (reply.millicents() > 0 || reply.tokens() > 0) {
      result
          .putObject("charge")
          .put("millicents", reply.millicents())
          .put("tokens", reply.tokens());
    }
    result.set("payload", Json.parse("payload", reply.payload().text()));
    return result;
  }
}
