package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.model.Models;
import dev.parley.hub.model.ProviderKeys;
import dev.parley.hub.model.Vendor;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** The keys of a tenant for model providers. */
public final class ProviderOperations {
  private final Models models;
  private final ProviderKeys keys;

  public ProviderOperations(Models models, ProviderKeys keys) {
    this.models = models;
    this.keys = keys;
  }

  public void register(OperationTable table) {
    table
        .on("providers.list", (caller, params) -> list(caller))
        .on("providers.set", this::set)
        .on("providers.delete", this::delete);
  }

  private Future<ObjectNode> list(Caller caller) {
    return models
        .providers(caller.scope())
        .map(
            providers -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("providers");
              providers.forEach(provider -> list.add(Json.toNode(provider)));
              return result;
            });
  }

  private Future<ObjectNode> set(Caller caller, ObjectNode params) {
    return keys.set(
            caller.scope(),
            vendor(params),
            params.path("apiKey").textValue(),
            params.path("baseUrl").textValue(),
            params.path("embeddingModel").textValue())
        .map(provider -> Json.object().<ObjectNode>set("provider", Json.toNode(provider)));
  }

  private Future<ObjectNode> delete(Caller caller, ObjectNode params) {
    return keys.delete(caller.scope(), vendor(params))
        .map(deleted -> Json.object().put("deleted", deleted));
  }

  private static Vendor vendor(ObjectNode params) {
    return Vendor.of(params.path("provider").asText());
  }
}
