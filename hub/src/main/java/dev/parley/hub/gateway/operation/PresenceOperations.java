package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.AgentPresence;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/**
 * Whether an agent is there, for those who may call it: its own tenant, and others through a
 * channel. To everybody else it does not exist. An agent that sleeps may say when it will be back.
 */
public final class PresenceOperations {
  private static final Duration FURTHEST = Duration.ofDays(366);

  /** How long after its time an agent that has not come back yet is taken for waking. */
  private static final Duration WAKES_WITHIN = Duration.ofMinutes(5);

  private final Agents agents;
  private final Channels channels;
  private final Tenants tenants;
  private final Clock clock;

  public PresenceOperations(Agents agents, Channels channels, Tenants tenants, Clock clock) {
    this.agents = agents;
    this.channels = channels;
    this.tenants = tenants;
    this.clock = clock;
  }

  public void register(OperationTable table) {
    table.on("presence.get", this::get).on("presence.declare", this::declare);
  }

  private Future<ObjectNode> get(Caller caller, ObjectNode params) {
    AgentAddress agent =
        ParleyException.inField("agent", () -> AgentAddress.parse(params.path("agent").asText()));
    return visible(caller.principal(), agent)
        .compose(seen -> tenants.get(agent.tenant()))
        .compose(
            owner ->
                owner.active()
                    ? agents.presence(agent)
                    : Future.succeededFuture(AgentPresence.OFFLINE))
        .compose(
            presence -> agents.nextActiveAt(agent).map(next -> describe(agent, presence, next)));
  }

  private Future<?> visible(Principal caller, AgentAddress agent) {
    return agent.tenant().equals(caller.tenant())
        ? agents.get(agent)
        : channels.permit(caller.party(), agent);
  }

  private ObjectNode describe(AgentAddress agent, AgentPresence presence, @Nullable Instant next) {
    ObjectNode described = Json.object().put("agent", agent.toString());
    Instant now = clock.instant();
    boolean late = next != null && !next.isAfter(now) && now.isBefore(next.plus(WAKES_WITHIN));
    AgentPresence state = late ? presence.or(AgentPresence.WAKING) : presence;
    described.put("state", state.wireName());
    if (next != null && (late || next.isAfter(now))) {
      described.put("nextActiveAt", next.toString());
    }
    return described;
  }

  private Future<ObjectNode> declare(Caller caller, ObjectNode params) {
    AgentId agent = declaring(caller.principal(), params.path("agent"));
    Instant next = nextActiveAt(params.path("nextActiveAt"));
    return agents
        .declareNextActive(caller.scope(), agent, next)
        .map(
            done -> {
              ObjectNode declared =
                  Json.object().put("agent", new AgentAddress(caller.tenant(), agent).toString());
              return next == null ? declared : declared.put("nextActiveAt", next.toString());
            });
  }

  /** An agent speaks for itself, people for any of their tenant. */
  private static AgentId declaring(Principal caller, JsonNode named) {
    caller.require(Permission.AGENTS_CONNECT);
    AgentId bound = caller.agent();
    AgentId asked = named.isTextual() ? new AgentId(named.textValue()) : bound;
    if (asked == null) {
      throw ParleyException.invalid("agent", "agent is needed: the id of an agent of your tenant");
    }
    if (bound != null && !bound.equals(asked)) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "this connection is the agent %s and cannot speak for %s".formatted(bound, asked))
          .with("field", "agent");
    }
    return asked;
  }

  private @Nullable Instant nextActiveAt(JsonNode given) {
    if (!given.isTextual()) {
      return null;
    }
    Instant next;
    try {
      next = Instant.parse(given.textValue());
    } catch (DateTimeParseException malformed) {
      throw ParleyException.invalid(
          "nextActiveAt", "nextActiveAt is an instant like 2030-01-31T08:00:00Z");
    }
    Instant now = clock.instant();
    if (!next.isAfter(now) || next.isAfter(now.plus(FURTHEST))) {
      throw ParleyException.invalid(
          "nextActiveAt",
          "nextActiveAt is in the future, within %d days".formatted(FURTHEST.toDays()));
    }
    return next;
  }
}
