package dev.parley.hub.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.access.Scope;
import dev.parley.hub.audit.AuditEntry;
import dev.parley.hub.audit.AuditEntry.Outcome;
import dev.parley.hub.audit.AuditLog;
import dev.parley.hub.audit.RepeatedRefusals;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes into the audit logs what changes a tenant or the platform, before it is answered, and what
 * was refused for lack of rights. What one tenant's data was looked at by the platform for, or
 * changed, stands in the logs of both.
 */
public final class AuditTrail implements OperationTable.Witness {
  private static final Logger LOG = LoggerFactory.getLogger(AuditTrail.class);
  private static final int LONGEST_VALUE = 200;

  /** After it the tenant has no log, and is to have none. */
  private static final String ERASE = "admin.tenants.erase";

  /** Params whose values are written: names of things, never what is said or secret. */
  private static final Set<String> TOLD =
      Set.of(
          "tenant",
          "agent",
          "agentId",
          "keyId",
          "id",
          "role",
          "expiresInS",
          "overlapS",
          "plan",
          "reason",
          "limits",
          "channel",
          "channelId",
          "from",
          "to",
          "room",
          "member",
          "listing",
          "name",
          "provider",
          "topic",
          "schedule",
          "file",
          "kind",
          "model",
          "plugin",
          "uses",
          "party",
          "payer");

  /** Where a result says what has been made. */
  private static final List<String> MADE = List.of("/key/id", "/channel/id", "/erasure/hash");

  private final AuditLog log;
  private final RepeatedRefusals refusals;
  private final TenantScopes scopes;
  private final Tenants tenants;
  private final Clock clock;

  public AuditTrail(
      AuditLog log, RepeatedRefusals refusals, TenantScopes scopes, Tenants tenants, Clock clock) {
    this.log = log;
    this.refusals = refusals;
    this.scopes = scopes;
    this.tenants = tenants;
    this.clock = clock;
  }

  @Override
  public Future<Void> saw(
      Operation operation, Caller caller, JsonNode params, AsyncResult<?> done) {
    TenantId called = foreign(caller, params);
    Outcome outcome = outcome(operation, done.cause(), called != null);
    if (outcome == null) {
      return Future.succeededFuture();
    }
    AuditEntry entry = entry(operation, caller, params, outcome, done);
    if (outcome == Outcome.REFUSED) {
      logs(caller, params, false).forEach(scope -> refusals.add(scope, entry));
      if (called != null) {
        tell(called, caller, entry);
      }
      return Future.succeededFuture();
    }
    boolean about =
        (isOfPlatform(operation) && !operation.name().equals(ERASE))
            || operation.permission() == null;
    List<Future<Void>> writing = new ArrayList<>();
    for (TenantScope scope : logs(caller, params, about)) {
      writing.add(log.append(scope, entry));
    }
    return Future.join(writing)
        .onFailure(
            e -> LOG.error("{} of {} is missing in an audit log", operation.name(), caller, e))
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  private static @Nullable Outcome outcome(
      Operation operation, @Nullable Throwable failure, boolean abroad) {
    if (failure == null) {
      return changes(operation) ? Outcome.DONE : null;
    }
    ErrorCode code = failure instanceof ParleyException known ? known.code() : ErrorCode.INTERNAL;
    return switch (code) {
      case FORBIDDEN -> Outcome.REFUSED;
      case NOT_FOUND -> abroad ? Outcome.REFUSED : null;
      case UNAVAILABLE, INTERNAL -> changes(operation) ? Outcome.UNSURE : null;
      default -> null;
    };
  }

  /**
   * What only administrators may do, except writing files, which is everyday work; of what reads,
   * only what the platform reads of a tenant.
   */
  private static boolean changes(Operation operation) {
    String permission = operation.permission();
    if (permission == null) {
      return operation.name().equals("signup");
    }
    boolean reads = "GET".equals(operation.restMethod());
    return !permission.isEmpty()
        && Permission.of(permission).scope() == Scope.ADMIN
        && !permission.equals(Permission.FILES_WRITE.wireName())
        && (!reads || String.valueOf(operation.restPath()).contains("{tenant}"));
  }

  private static boolean isOfPlatform(Operation operation) {
    return operation.name().startsWith("admin.");
  }

  /** The caller's own log and, of what the platform does to a tenant, that tenant's. */
  private List<TenantScope> logs(Caller caller, JsonNode params, boolean about) {
    List<TenantScope> logs = new ArrayList<>(List.of(caller.scope()));
    if (about && params.path("tenant").isTextual()) {
      TenantId tenant = new TenantId(params.path("tenant").textValue());
      if (!tenant.equals(caller.tenant())) {
        logs.add(scopes.of(HubPrincipals.bookkeeper(tenant)));
      }
    }
    return logs;
  }

  /** The other tenant whose agent is to be reached, if any. */
  private static @Nullable TenantId foreign(Caller caller, JsonNode params) {
    String to = params.path("to").asText("");
    int slash = to.indexOf('/');
    if (slash <= 0) {
      return null;
    }
    try {
      TenantId tenant = new TenantId(to.substring(0, slash));
      return tenant.equals(caller.tenant()) || tenant.equals(ApiKeys.PLATFORM) ? null : tenant;
    } catch (ParleyException malformed) {
      return null;
    }
  }

  /** Whose agent somebody has tried to reach without a channel hears of it too. */
  private void tell(TenantId called, Caller caller, AuditEntry refusal) {
    tenants
        .exists(called)
        .onSuccess(
            there -> {
              if (there) {
                AuditEntry.Actor stranger =
                    new AuditEntry.Actor(caller.tenant().value(), "foreign", "", "");
                refusals.add(scopes.of(HubPrincipals.bookkeeper(called)), refusal.by(stranger));
              }
            })
        .onFailure(e -> LOG.warn("cannot tell {} of a refusal", called, e));
  }

  private AuditEntry entry(
      Operation operation, Caller caller, JsonNode params, Outcome outcome, AsyncResult<?> done) {
    Principal principal = caller.principal();
    return new AuditEntry(
        clock.millis(),
        new AuditEntry.Actor(
            principal.party().toString(),
            principal.role().wireName(),
            principal.keyId(),
            caller.address().toString()),
        operation.name(),
        outcome,
        done.cause() instanceof ParleyException known ? known.code().wireName() : null,
        about(params, done.result()),
        1);
  }

  private static Map<String, String> about(JsonNode params, @Nullable Object result) {
    Map<String, String> about = new TreeMap<>();
    params
        .properties()
        .forEach(
            param -> {
              String name = param.getKey();
              if (TOLD.contains(name)) {
                JsonNode value = param.getValue();
                String text = value.isTextual() ? value.textValue() : value.toString();
                about.put(
                    name, text.length() > LONGEST_VALUE ? text.substring(0, LONGEST_VALUE) : text);
              }
            });
    if (result instanceof ObjectNode made) {
      for (String name : MADE) {
        if (made.at(name).isTextual()) {
          about.put("made", made.at(name).textValue());
        }
      }
    }
    return about;
  }
}
