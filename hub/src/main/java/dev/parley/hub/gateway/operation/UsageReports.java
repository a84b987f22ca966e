package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.quota.Ledger;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;

/** What a tenant used, and how near it is to its limits. */
public final class UsageReports {
  private final Tenants tenants;
  private final TenantScopes scopes;
  private final Ledger ledger;
  private final Clock clock;

  public UsageReports(Tenants tenants, TenantScopes scopes, Ledger ledger, Clock clock) {
    this.tenants = tenants;
    this.scopes = scopes;
    this.ledger = ledger;
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table.on("usage.get", (caller, params) -> report(caller.tenant(), params));
  }

  Future<ObjectNode> report(TenantId id, ObjectNode params) {
    LocalDate today = LocalDate.now(clock.withZone(ZoneOffset.UTC));
    LocalDate from = day(params, "from", today);
    LocalDate to = day(params, "to", today);
    return tenants
        .get(id)
        .compose(
            tenant ->
                ledger.report(scopes.of(HubPrincipals.bookkeeper(id)), tenant.limits(), from, to));
  }

  private static LocalDate day(ObjectNode params, String field, LocalDate otherwise) {
    if (!params.hasNonNull(field)) {
      return otherwise;
    }
    try {
      return LocalDate.parse(params.get(field).asText());
    } catch (DateTimeParseException e) {
      throw ParleyException.invalid(field, field + " is no day of the calendar; write YYYY-MM-DD");
    }
  }
}
