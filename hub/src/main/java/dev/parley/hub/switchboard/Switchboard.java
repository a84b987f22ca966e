package dev.parley.hub.switchboard;

import static dev.parley.hub.switchboard.Steps.then;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.loop.Edge;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.market.Market;
import dev.parley.hub.quota.ChannelRates;
import dev.parley.hub.quota.Concurrency;
import dev.parley.hub.quota.Counter;
import dev.parley.hub.quota.Ledger;
import dev.parley.hub.quota.RateLimits;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.netty.util.Timeout;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Admits, places and ends calls. The steps of an admission, in this order: the tenant is active,
 * its message rate, the route (own agent, channel or market install), the loop guard, the calls in
 * flight, the price, the agent. When nothing has to be fetched all of it runs on the caller's
 * thread without a pause.
 */
public final class Switchboard {

  /** Takes the chunks of a streamed reply, in order. */
  @FunctionalInterface
  public interface Chunks {
    Chunks IGNORED = (message, payload) -> {};

    void chunk(MessageId message, RawJson payload);
  }

  /** What the switchboard works with; made in {@code Hub}. */
  public record Parts(
      Tenants tenants,
      TenantScopes scopes,
      Channels channels,
      Market market,
      RateLimits rates,
      ChannelRates channelRates,
      Concurrency concurrency,
      Accounts accounts,
      Ledger ledger,
      AgentDirectory directory,
      Announcements announcements,
      LoopBreaker loops,
      HubMetrics metrics) {}

  /** Where a call goes and by what right; no permit inside a tenant. */
  private record Route(AgentAddress to, @Nullable Permit permit) {}

  private final Clock clock;
  private final SwitchboardSettings settings;
  private final Parts parts;
  private final LoopGuard loopGuard;
  private final CallsInFlight inFlight;
  private final Deadlines deadlines;

  public Switchboard(Vertx vertx, Clock clock, SwitchboardSettings settings, Parts parts) {
    this.clock = clock;
    this.settings = settings;
    this.parts = parts;
    this.loopGuard = new LoopGuard(settings.maxHops(), parts.loops);
    this.inFlight =
        new CallsInFlight(settings.maxInFlight(), parts.tenants, parts.channels, parts.directory);
    this.deadlines = new Deadlines(vertx, settings.maxInFlight());
    inFlight.follow(parts.announcements);
    parts.metrics.gauge("parley.calls.in.flight", inFlight, CallsInFlight::size);
  }

  /**
   * Prepares a call.
   *
   * @throws ParleyException {@code forbidden} or {@code invalid_request}, when the order itself is
   *     not in order
   */
  public Outgoing prepare(CallOrder order, Chunks chunks) {
    Principal caller = order.caller();
    if (!caller.may(Permission.CHAT)) {
      caller.require(Permission.CALL);
    }
    if (caller.agent() != null && order.from() != null && !order.from().equals(caller.agent())) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "this connection is the agent %s and cannot call as %s"
                  .formatted(caller.agent(), order.from()))
          .with("field", "from");
    }
    if (order.timeoutMs() > settings.maxTimeout().toMillis()) {
      throw ParleyException.invalid(
          "timeoutMs", "timeoutMs is at most " + settings.maxTimeout().toMillis());
    }
    return new Outgoing(order, this, chunks);
  }

  /** How many calls through this channel are in flight on this node. */
  public int inFlightOn(String channelId) {
    return inFlight.through(channelId);
  }

  /** Stops watching deadlines; calls that are still in flight end with their agents. */
  public Future<Void> close() {
    return deadlines.close();
  }

  void start(Outgoing call) {
    CallOrder order = call.order();
    Principal caller = order.caller();
    TenantScope scope = parts.scopes.of(caller);
    Party from =
        order.from() == null
            ? caller.party()
            : Party.of(new AgentAddress(caller.tenant(), order.from()));
    then(parts.tenants.get(caller.tenant()), tenant -> admit(call, from, scope, tenant))
        .onFailure(
            failure -> {
              parts.ledger.count(scope, from.agent(), null, Counter.REFUSED);
              refuse(call, failure);
            });
  }

  private Future<Void> admit(Outgoing call, Party from, TenantScope scope, Tenant tenant) {
    tenant.requireActive();
    return then(
        parts.rates.admit(scope, tenant.limits()),
        paid ->
            then(
                requireCaller(from),
                known ->
                    then(
                        route(from, call.order()),
                        route -> admit(call, from, scope, tenant, route))));
  }

  /** Whoever calls as an own agent must have that agent. */
  private Future<?> requireCaller(Party from) {
    return from.agent() == null
        ? Future.succeededFuture()
        : parts.directory.tokensPerDay(new AgentAddress(from.tenant(), from.agent()));
  }

  private Future<Route> route(Party from, CallOrder order) {
    if (order.to() instanceof ListingId listing) {
      return parts
          .market
          .route(from, listing)
          .map(installed -> new Route(installed.to(), installed.permit()));
    }
    AgentAddress to = (AgentAddress) order.to();
    return to.tenant().equals(from.tenant())
        ? Future.succeededFuture(new Route(to, null))
        : then(
            parts.channels.permit(from, to),
            permit -> Future.succeededFuture(new Route(to, permit)));
  }

  private Future<Void> admit(
      Outgoing call, Party from, TenantScope scope, Tenant tenant, Route route) {
    CallOrder order = call.order();
    List<Cause> causes = loopGuard.admit(from, order, route.to);
    return then(
        admitByChannel(route),
        admitted ->
            then(
                parts.directory.locate(route.to),
                endpoint ->
                    then(
                        parts.accounts.open(from, route.to, route.permit),
                        account -> {
                          try {
                            deliver(call, from, scope, tenant, route, causes, endpoint, account);
                          } catch (ParleyException refused) {
                            account.close(false);
                            throw refused;
                          }
                          return Future.succeededFuture();
                        })));
  }

  /** Between tenants the callee must be active too, and the channel has a rate of its own. */
  private Future<Void> admitByChannel(Route route) {
    Permit permit = route.permit;
    return permit == null
        ? Future.succeededFuture()
        : then(
            parts.tenants.get(route.to.tenant()),
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
        : parts.channelRates.admit(
            parts.scopes.of(HubPrincipals.bookkeeper(permit.channel().from().tenant())),
            permit.channel().id(),
            callsPerMinute);
  }

  private void deliver(
      Outgoing call,
      Party from,
      TenantScope scope,
      Tenant tenant,
      Route route,
      List<Cause> causes,
      Endpoint endpoint,
      OpenAccount account) {
    CallOrder order = call.order();
    long now = clock.millis();
    MessageId id = order.id() == null ? MessageId.next() : order.id();
    long timeout = order.timeoutMs() > 0 ? order.timeoutMs() : settings.defaultTimeout().toMillis();
    Envelope envelope =
        new Envelope(
            id,
            from,
            route.to,
            order.conversation() == null ? id.value() : order.conversation(),
            causes,
            withinParent(order, now + timeout),
            order.traceparent(),
            order.kind(),
            order.payload());
    Concurrency.Slot slot = parts.concurrency.acquire(scope, tenant.limits());
    long startedAt = System.nanoTime();
    Delivery delivery =
        new Delivery(
            envelope,
            order.caller(),
            route.permit,
            account,
            payload -> call.chunks().chunk(id, payload),
            (ended, reply, failure) -> {
              inFlight.remove(ended);
              slot.close();
              parts.metrics.callEnded(failure, System.nanoTime() - startedAt);
              end(call, ended, account, reply, failure);
            });
    try {
      inFlight.add(delivery);
    } catch (ParleyException refused) {
      slot.close();
      throw refused;
    }
    parts.ledger.count(scope, from.agent(), channelId(route), Counter.CALLS);
    TenantScope callee = parts.scopes.of(HubPrincipals.bookkeeper(route.to.tenant()));
    parts.ledger.count(callee, route.to.agent(), channelId(route), Counter.HANDLED);
    delivery.endsBy(endInTime(delivery, timeout, now));
    call.admitted(delivery);
    if (route.permit != null && !route.permit.current()) {
      inFlight.recheck(delivery);
    }
    if (!delivery.ended()) {
      endpoint.deliver(delivery);
    }
  }

  /** Ends the delivery at its deadline, or before it when its channel expires. */
  private Timeout endInTime(Delivery delivery, long timeout, long now) {
    long deadline = delivery.envelope().deadline();
    Permit permit = delivery.permit();
    long channelEnd = permit == null ? Long.MAX_VALUE : permit.end();
    return deadlines.after(
        Math.max(1, Math.min(deadline, channelEnd) - now),
        () ->
            delivery.cancel(
                channelEnd < deadline
                    ? Delivery.cancelled("its channel expired")
                    : expired(delivery.envelope().to(), timeout)));
  }

  private void end(
      Outgoing call,
      Delivery delivery,
      OpenAccount account,
      @Nullable RawJson reply,
      @Nullable ParleyException failure) {
    account
        .close(failure == null)
        .onSuccess(
            charge -> {
              countSpend(delivery.envelope(), charge.millicents());
              if (reply != null) {
                call.succeed(
                    new Reply(delivery.envelope(), reply, charge.millicents(), charge.tokens()));
              } else if (failure != null) {
                call.fail(failure);
              }
            })
        .onFailure(unbooked -> refuse(call, failure == null ? unbooked : failure));
  }

  private void countSpend(Envelope handled, long millicents) {
    Edge edge = millicents == 0 ? null : LoopGuard.edge(handled.from(), handled.to());
    if (edge != null) {
      parts.loops.spent(edge, millicents);
    }
  }

  private void refuse(Outgoing call, Throwable failure) {
    ParleyException refusal =
        failure instanceof ParleyException known
            ? known
            : new ParleyException(ErrorCode.INTERNAL, "the call failed in the hub", failure);
    parts.metrics.callRefused(refusal);
    call.fail(refusal);
  }

  /** A call made while handling another may not outlive it. */
  private static long withinParent(CallOrder order, long deadline) {
    return order.cause() == null || !order.cause().stated()
        ? deadline
        : Math.min(deadline, order.cause().delivery().envelope().deadline());
  }

  private static @Nullable String channelId(Route route) {
    return route.permit == null ? null : route.permit.channel().id();
  }

  private static ParleyException expired(AgentAddress to, long timeout) {
    return new ParleyException(
            ErrorCode.DEADLINE_EXCEEDED,
            "agent %s did not answer within %d ms".formatted(to, timeout))
        .with("timeoutMs", timeout);
  }
}
