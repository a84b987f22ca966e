package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.tenant.Tenant;
import dev.parley.protocol.frame.Json;

/** Tenants as the contract shows them. */
final class Descriptions {
  private Descriptions() {}

  static ObjectNode of(Tenant tenant) {
    ObjectNode json =
        Json.object()
            .put("id", tenant.id().value())
            .put("displayName", tenant.displayName())
            .put("plan", tenant.plan().wireName())
            .put("status", tenant.active() ? "active" : "suspended")
            .put("createdAt", tenant.createdAt());
    return tenant.suspendedReason() == null
        ? json
        : json.put("suspendedReason", tenant.suspendedReason());
  }

  static ObjectNode withLimits(Tenant tenant) {
    ObjectNode json = of(tenant);
    json.set("limits", Json.toNode(tenant.limits()));
    return json;
  }
}
