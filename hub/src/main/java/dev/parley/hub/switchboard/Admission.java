package dev.parley.hub.switchboard;

import static dev.parley.hub.switchboard.Steps.then;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What calls and sent messages must pass alike, in this order: the tenant is active, its message
 * rate, the own agent it speaks as, the route (own agent, channel or market install), the loop
 * guard, the callee's tenant, the channel's rate.
 */
final class Admission {

  /** Where a message goes and by what right; no permit inside a tenant. */
  record Route(AgentAddress to, @Nullable Permit permit) {
    @Nullable String channelId() {
      return permit == null ? null : permit.channel().id();
    }
  }

  /** An order that was let in, as the calling side. */
  record Admitted(Party from, TenantScope scope, Tenant tenant, Route route, List<Cause> causes) {
    Admitted after(List<Cause> others) {
      return new Admitted(from, scope, tenant, route, others);
    }
  }

  private final Switchboard.Parts parts;
  private final LoopGuard loopGuard;

  Admission(Switchboard.Parts parts, LoopGuard loopGuard) {
    this.parts = parts;
    this.loopGuard = loopGuard;
  }

  /** Who an order is from: its caller, or the own agent that it names. */
  static Party from(CallOrder order) {
    return order.from() == null
        ? order.caller().party()
        : Party.of(new AgentAddress(order.caller().tenant(), order.from()));
  }

  Future<Admitted> admit(CallOrder order) {
    Party from = from(order);
    TenantScope scope = parts.scopes().of(order.caller());
    return then(
        parts.tenants().get(from.tenant()),
        tenant -> {
          tenant.requireActive();
          return then(
              parts.rates().admit(scope, tenant.limits()),
              paid ->
                  then(
                      fromExists(from),
                      known ->
                          then(
                              route(from, order.to()),
                              route -> admit(order, from, scope, tenant, route))));
        });
  }

  private Future<Admitted> admit(
      CallOrder order, Party from, TenantScope scope, Tenant tenant, Route route) {
    List<Cause> causes = loopGuard.admit(from, order, route.to);
    return then(
        passChannel(route),
        passed -> Future.succeededFuture(new Admitted(from, scope, tenant, route, causes)));
  }

  /** The cause chain of what follows from a message, outside the handling of it. */
  List<Cause> again(Envelope dead) {
    return loopGuard.again(dead);
  }

  /** The way of {@code from} to a target as of now. */
  Future<Route> route(Party from, Target target) {
    if (target instanceof ListingId listing) {
      return parts
          .market()
          .route(from, listing)
          .map(installed -> new Route(installed.to(), installed.permit()));
    }
    AgentAddress to = (AgentAddress) target;
    return to.tenant().equals(from.tenant())
        ? Future.succeededFuture(new Route(to, null))
        : then(
            parts.channels().permit(from, to),
            permit -> Future.succeededFuture(new Route(to, permit)));
  }

  /** Whoever speaks as an own agent must have that agent. */
  private Future<?> fromExists(Party from) {
    return from.agent() == null
        ? Future.succeededFuture()
        : parts.directory().tokensPerDay(new AgentAddress(from.tenant(), from.agent()));
  }

  /** Between tenants the callee must be active too, and the channel has a rate of its own. */
  private Future<Void> passChannel(Route route) {
    Permit permit = route.permit;
    return permit == null
        ? Future.succeededFuture()
        : then(
            parts.tenants().get(route.to.tenant()),
            callee -> {
              if (!callee.active()) {
                throw new ParleyException(
                    ErrorCode.AGENT_OFFLINE, "agent %s cannot be reached".formatted(route.to));
              }
              return channelRate(permit);
            });
  }

  /** The channel's own rate, counted at the calling side. */
  private Future<Void> channelRate(Permit permit) {
    Long callsPerMinute = permit.channel().limits().callsPerMinute();
    return callsPerMinute == null
        ? Future.succeededFuture()
        : parts
            .channelRates()
            .admit(
                parts.scopes().of(HubPrincipals.bookkeeper(permit.channel().from().tenant())),
                permit.channel().id(),
                callsPerMinute);
  }
}
