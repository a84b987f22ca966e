package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.loop.Edge;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** Loops that were stopped. */
public final class LoopOperations {
  private final LoopBreaker breaker;

  /** Makes the operations and adds the breaker's metrics. */
  public LoopOperations(LoopBreaker breaker, HubMetrics metrics) {
    this.breaker = breaker;
    metrics.gauge("parley.loops.edges", breaker, LoopBreaker::watched);
    metrics.counter("parley.loops.tripped", "edges stopped as loops", breaker, LoopBreaker::trips);
    metrics.counter(
        "parley.loops.refused", "messages refused as loops", breaker, LoopBreaker::refusals);
    metrics.counter(
        "parley.loops.evicted", "edges no longer watched for room", breaker, LoopBreaker::evicted);
  }

  public void register(OperationTable table) {
    table.on("loop.list", this::list).on("loop.reset", this::reset);
  }

  private Future<ObjectNode> list(Caller caller, ObjectNode params) {
    ObjectNode result = Json.object();
    ArrayNode loops = result.putArray("loops");
    breaker.tripped(caller.tenant()).forEach(trip -> loops.add(trip.toJson()));
    return Future.succeededFuture(result);
  }

  private Future<ObjectNode> reset(Caller caller, ObjectNode params) {
    Edge edge = new Edge(address(params, "from"), address(params, "to"));
    ObjectNode result = Json.object();
    result.set("loop", breaker.reset(caller.tenant(), edge).toJson());
    return Future.succeededFuture(result);
  }

  private static AgentAddress address(ObjectNode params, String field) {
    return ParleyException.inField(field, () -> AgentAddress.parse(params.path(field).asText()));
  }
}
