package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.access.IssuedKey;
import dev.parley.hub.access.Role;
import dev.parley.hub.agent.AgentDefinition;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sign-up, the own tenant, and API keys. */
public final class AccessOperations {
  private static final long DEFAULT_OVERLAP_S = 3600;
  private static final long PLATFORM_KEYS = 100;

  private final Tenants tenants;
  private final Agents agents;
  private final ApiKeys keys;
  private final SignUpPolicy policy;
  private final Clock clock;

  public AccessOperations(
      Tenants tenants, Agents agents, ApiKeys keys, SignUpPolicy policy, Clock clock) {
    this.tenants = tenants;
    this.agents = agents;
    this.keys = keys;
    this.policy = policy;
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table
        .on("signup", this::signUp)
        .on("tenant.get", (caller, params) -> tenant(caller))
        .on("keys.list", (caller, params) -> listKeys(caller))
        .on("keys.create", this::createKey)
        .on("keys.rotate", this::rotateKey)
        .on("keys.revoke", this::revokeKey);
  }

  private Future<ObjectNode> signUp(Caller caller, ObjectNode params) {
    TenantId id = new TenantId(params.path("tenant").asText());
    AgentId agent = new AgentId(params.path("agent").asText(Agents.DEFAULT_AGENT));
    String name = params.path("displayName").asText(id.value());
    IssuedKey key = keys.prepare(id, Role.OWNER, "owner", null, 0);
    AgentDefinition first = AgentDefinition.hosted(agent, clock.millis());
    List<Tenants.FirstRow> rows =
        List.of(
            new Tenants.FirstRow(ApiKeys.HASH, key.id(), key.row()),
            new Tenants.FirstRow(Agents.HASH, agent.value(), first.toRow()));
    return policy
        .admit(params.path("invite").textValue(), caller.address())
        .compose(
            admission ->
                tenants
                    .signUp(id, name, policy.plan(), rows)
                    .recover(
                        refused ->
                            admission.undo().transform(done -> Future.failedFuture(refused))))
        .map(
            tenant -> {
              ObjectNode result = Json.object();
              result.set("tenant", Descriptions.of(tenant));
              result.set("key", key.description());
              result.put("secret", key.secret());
              result.put("agent", new AgentAddress(id, agent).toString());
              return result;
            });
  }

  private Future<ObjectNode> tenant(Caller caller) {
    return tenants
        .get(caller.tenant())
        .map(
            tenant -> {
              ObjectNode result = Json.object();
              result.set("tenant", Descriptions.withLimits(tenant));
              ObjectNode principal =
                  result
                      .putObject("principal")
                      .put("role", caller.principal().role().wireName())
                      .put("keyId", caller.principal().keyId());
              AgentId agent = caller.principal().agent();
              if (agent != null) {
                principal.put("agent", agent.value());
              }
              return result;
            });
  }

  private Future<ObjectNode> listKeys(Caller caller) {
    return keys.list(caller.tenant()).map(list -> Json.object().set("keys", list));
  }

  private Future<ObjectNode> createKey(Caller caller, ObjectNode params) {
    @Nullable AgentId agent =
        params.hasNonNull("agent") ? new AgentId(params.get("agent").asText()) : null;
    Role role = Role.of(params.path("role").asText());
    IssuedKey key =
        keys.prepare(
            caller.tenant(),
            role,
            params.path("name").asText(role.wireName()),
            agent,
            params.path("expiresInS").asLong(0) * 1_000);
    caller.principal().requireAll(role);
    return requireOwn(caller, agent)
        .compose(known -> keyLimit(caller))
        .compose(limit -> keys.store(caller.tenant(), key, limit))
        .map(AccessOperations::issued);
  }

  private Future<ObjectNode> rotateKey(Caller caller, ObjectNode params) {
    long overlapMs = params.path("overlapS").asLong(DEFAULT_OVERLAP_S) * 1_000;
    return keyLimit(caller)
        .compose(
            limit -> keys.rotate(caller.principal(), params.path("id").asText(), overlapMs, limit))
        .map(
            rotated -> {
              ObjectNode result = issued(rotated.getKey());
              result.set("previous", rotated.getValue());
              return result;
            });
  }

  private Future<ObjectNode> revokeKey(Caller caller, ObjectNode params) {
    return keys.revoke(caller.tenant(), params.path("id").asText())
        .map(key -> Json.object().set("key", key));
  }

  private Future<Void> requireOwn(Caller caller, @Nullable AgentId agent) {
    return agent == null
        ? Future.succeededFuture()
        : agents
            .get(caller.scope(), agent)
            .<Void>mapEmpty()
            .recover(
                failure ->
                    Future.failedFuture(
                        failure instanceof ParleyException e ? e.with("field", "agent") : failure));
  }

  private Future<Long> keyLimit(Caller caller) {
    return caller.tenant().equals(ApiKeys.PLATFORM)
        ? Future.succeededFuture(PLATFORM_KEYS)
        : tenants
            .get(caller.tenant())
            .map(Tenant::limits)
            .map(limits -> Limits.value(limits.keys()));
  }

  private static ObjectNode issued(IssuedKey key) {
    ObjectNode result = Json.object();
    result.set("key", key.description());
    return result.put("secret", key.secret());
  }
}
