package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.function.Function;
import java.util.function.Supplier;

/** Health, status, presence, and the lists that are empty because this hub has no such thing. */
public final class SystemOperations {
  private final Supplier<Future<Void>> storeReady;
  private final Function<TenantId, ArrayNode> presence;
  private final String version;
  private final Clock clock;

  /**
   * Makes the operations.
   *
   * @param storeReady fails when the store is away
   */
  public SystemOperations(
      Supplier<Future<Void>> storeReady,
      Function<TenantId, ArrayNode> presence,
      String version,
      Clock clock) {
    this.storeReady = storeReady;
    this.presence = presence;
    this.version = version;
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table
        .on("health", (caller, params) -> health())
        .on(
            "status",
            (caller, params) ->
                Future.succeededFuture(
                    Json.object()
                        .put("runtimeVersion", version)
                        .put("tenant", caller.tenant().value())
                        .put("connected", presence.apply(caller.tenant()).size())))
        .on(
            "system-presence",
            (caller, params) -> Future.succeededFuture(presence.apply(caller.tenant())))
        .on("commands.list", (caller, params) -> empty("commands"))
        .on("question.list", (caller, params) -> empty("questions"))
        .on(
            "plugin.approval.list",
            (caller, params) -> Future.succeededFuture(Json.mapper().createArrayNode()));
  }

  private Future<ObjectNode> health() {
    long before = clock.millis();
    return storeReady
        .get()
        .map(true)
        .otherwise(false)
        .map(
            ok -> {
              ObjectNode health =
                  Json.object()
                      .put("ok", ok)
                      .put("ts", clock.millis())
                      .put("durationMs", clock.millis() - before);
              health.putObject("channels");
              health.putArray("channelOrder");
              health.putObject("channelLabels");
              return health.put("defaultAgentId", "main");
            });
  }

  private static Future<ObjectNode> empty(String list) {
    ObjectNode result = Json.object();
    result.putArray(list);
    return Future.succeededFuture(result);
  }
}
