package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.audit.AuditLog;
import dev.parley.hub.audit.AuditPage;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.audit.AuditChain;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** The audit logs, to read. Nothing can be written into one or deleted from it. */
public final class AuditOperations {
  private static final int PAGE = 100;
  private static final long LAST_ONES = -1;

  private final AuditLog log;
  private final Tenants tenants;
  private final TenantScopes scopes;

  public AuditOperations(AuditLog log, Tenants tenants, TenantScopes scopes) {
    this.log = log;
    this.tenants = tenants;
    this.scopes = scopes;
  }

  public void register(OperationTable table) {
    table
        .on("audit.list", (caller, params) -> list(caller.scope(), params))
        .on(
            "admin.audit.list",
            (caller, params) ->
                params.has("tenant")
                    ? ofTenant(new TenantId(params.path("tenant").asText()), params)
                    : list(caller.scope(), params));
  }

  private Future<ObjectNode> ofTenant(TenantId tenant, ObjectNode params) {
    return tenants
        .get(tenant)
        .compose(there -> list(scopes.of(HubPrincipals.bookkeeper(tenant)), params));
  }

  private Future<ObjectNode> list(TenantScope scope, ObjectNode params) {
    long after = params.path("after").asLong(LAST_ONES);
    return log.read(scope, after, params.path("limit").asInt(PAGE)).map(AuditOperations::describe);
  }

  private static ObjectNode describe(AuditPage page) {
    ObjectNode result = Json.object();
    ArrayNode entries = result.putArray("entries");
    long last = page.seq();
    for (AuditPage.Row row : page.entries()) {
      entries.addObject().put("text", row.text()).put("hash", row.hash());
      last = Json.parse("entry", row.text()).path("seq").asLong();
    }
    boolean fromStart =
        !page.entries().isEmpty()
            && Json.parse("entry", page.entries().get(0).text()).path("seq").asLong() == 1;
    result.put("before", fromStart ? AuditChain.START : page.before());
    result.putObject("head").put("seq", page.seq()).put("hash", page.hash());
    return last < page.seq() ? result.put("next", last) : result;
  }
}
