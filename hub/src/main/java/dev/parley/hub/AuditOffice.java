package dev.parley.hub;

import dev.parley.hub.audit.AuditLog;
import dev.parley.hub.audit.RepeatedRefusals;
import dev.parley.hub.gateway.AuditTrail;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.operation.AuditOperations;
import dev.parley.hub.store.Store;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;

/** Puts together what is written down of what was done and refused. */
final class AuditOffice {
  private static final long EQUAL_REFUSALS_MS = 60_000;

  private final AuditLog log;
  private final RepeatedRefusals refusals;
  private final AuditTrail trail;
  private final AuditOperations operations;

  AuditOffice(Vertx vertx, Store store, TenantScopes scopes, Tenants tenants, Clock clock) {
    log = new AuditLog(store);
    refusals = new RepeatedRefusals(vertx, log, clock, EQUAL_REFUSALS_MS);
    trail = new AuditTrail(log, refusals, scopes, tenants, clock);
    operations = new AuditOperations(log, tenants, scopes);
  }

  void register(OperationTable table) {
    table.seenBy(trail);
    operations.register(table);
  }

  void measuredBy(HubMetrics metrics) {
    metrics.gauge("parley.audit.waiting", log, AuditLog::waiting);
    metrics.counter(
        "parley.audit.lost", "entries that the store did not take", log, AuditLog::lost);
    metrics.counter(
        "parley.audit.refusals.uncounted",
        "refusals that are in no audit log because there were too many kinds of them",
        refusals,
        RepeatedRefusals::uncounted);
  }

  Future<Void> close() {
    refusals.close();
    return log.written();
  }
}
