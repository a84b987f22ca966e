package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.tenant.Erasures;
import dev.parley.hub.tenant.Invites;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.function.Supplier;

/** What the platform's own roles do. */
public final class AdminOperations {
  private static final int DEFAULT_PAGE = 100;
  private static final long DEFAULT_INVITE_S = 7 * 86_400;

  private final Tenants tenants;
  private final Invites invites;
  private final UsageReports usage;
  private final Erasures erasures;
  private final Supplier<ObjectNode> status;

  /**
   * Makes the operations.
   *
   * @param status describes this node
   */
  public AdminOperations(
      Tenants tenants,
      Invites invites,
      UsageReports usage,
      Erasures erasures,
      Supplier<ObjectNode> status) {
    this.tenants = tenants;
    this.invites = invites;
    this.usage = usage;
    this.erasures = erasures;
    this.status = status;
  }

  public void register(OperationTable table) {
    table
        .on("admin.status", (caller, params) -> Future.succeededFuture(status.get()))
        .on("admin.tenants.list", (caller, params) -> list(params))
        .on(
            "admin.tenants.get",
            (caller, params) ->
                tenants.get(tenant(params)).map(Descriptions::withLimits).map(AdminOperations::one))
        .on(
            "admin.tenants.suspend",
            (caller, params) ->
                tenants
                    .suspend(tenant(params), params.path("reason").asText("by the operator"))
                    .map(Descriptions::of)
                    .map(AdminOperations::one))
        .on(
            "admin.tenants.resume",
            (caller, params) ->
                tenants.resume(tenant(params)).map(Descriptions::of).map(AdminOperations::one))
        .on("admin.tenants.erase", (caller, params) -> erase(params))
        .on("admin.tenants.limits", (caller, params) -> setLimits(params))
        .on("admin.tenants.usage", (caller, params) -> usage.report(tenant(params), params))
        .on("admin.invites.create", (caller, params) -> invite(params));
  }

  private Future<ObjectNode> list(ObjectNode params) {
    int limit = params.path("limit").asInt(DEFAULT_PAGE);
    return tenants
        .list(params.path("after").textValue(), limit)
        .map(
            found -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("tenants");
              found.forEach(tenant -> list.add(Descriptions.of(tenant)));
              if (found.size() == limit) {
                result.put("next", found.get(limit - 1).id().value());
              }
              return result;
            });
  }

  private Future<ObjectNode> setLimits(ObjectNode params) {
    Plan plan = params.hasNonNull("plan") ? Plan.of(params.get("plan").asText()) : null;
    Limits limits =
        params.has("limits") ? Json.read(params.get("limits"), Limits.class) : Limits.NONE;
    return tenants
        .setLimits(tenant(params), plan, limits)
        .map(Descriptions::withLimits)
        .map(AdminOperations::one);
  }

  private Future<ObjectNode> erase(ObjectNode params) {
    TenantId id = tenant(params);
    if (!params.path("confirm").asText().equals(id.value())) {
      throw ParleyException.invalid(
          "confirm", "erasing cannot be undone: repeat the tenant's id as confirm");
    }
    return erasures
        .erase(id)
        .map(
            proof -> {
              ObjectNode result = Json.object();
              result.set("erasure", proof);
              return result;
            });
  }

  private Future<ObjectNode> invite(ObjectNode params) {
    int uses = params.path("uses").asInt(1);
    long ttlMs = params.path("expiresInS").asLong(DEFAULT_INVITE_S) * 1_000;
    return invites
        .create(uses, ttlMs)
        .map(
            code ->
                Json.object()
                    .put("invite", code)
                    .put("uses", uses)
                    .put("expiresAt", invites.now() + ttlMs));
  }

  private static TenantId tenant(ObjectNode params) {
    return new TenantId(params.path("tenant").asText());
  }

  private static ObjectNode one(ObjectNode tenant) {
    ObjectNode result = Json.object();
    result.set("tenant", tenant);
    return result;
  }
}
