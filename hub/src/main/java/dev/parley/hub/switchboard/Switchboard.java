package dev.parley.hub.switchboard;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.market.Market;
import dev.parley.hub.quota.ChannelRates;
import dev.parley.hub.quota.Concurrency;
import dev.parley.hub.quota.Counter;
import dev.parley.hub.quota.Ledger;
import dev.parley.hub.quota.RateLimits;
import dev.parley.hub.switchboard.Admission.Admitted;
import dev.parley.hub.switchboard.Admission.Route;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.netty.util.Timeout;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.function.Consumer;
import java.util.function.Supplier;
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
      HubMetrics metrics) {}

  private final Clock clock;
  private final SwitchboardSettings settings;
  private final Parts parts;
  private final Admission admission;
  private final CallsInFlight inFlight;
  private final Deadlines deadlines;

  public Switchboard(Vertx vertx, Clock clock, SwitchboardSettings settings, Parts parts) {
    this.clock = clock;
    this.settings = settings;
    this.parts = parts;
    this.admission = new Admission(parts, new LoopGuard(settings.maxHops()));
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
    admission
        .admit(order)
        .compose(admitted -> place(call, admitted))
        .onFailure(
            failure -> {
              countRefused(order);
              refuse(call, failure);
            });
  }

  private Future<Void> place(Outgoing call, Admitted admitted) {
    Route route = admitted.route();
    return parts
        .directory
        .locate(route.to())
        .compose(
            endpoint ->
                parts
                    .accounts
                    .open(admitted.from(), route.to(), route.permit())
                    .map(
                        account -> {
                          try {
                            deliver(call, admitted, endpoint, account);
                          } catch (ParleyException refused) {
                            account.close(false);
                            throw refused;
                          }
                          return null;
                        }));
  }

  private void deliver(Outgoing call, Admitted admitted, Endpoint endpoint, Account account) {
    CallOrder order = call.order();
    Route route = admitted.route();
    long now = clock.millis();
    MessageId id = order.id() == null ? MessageId.next() : order.id();
    long timeout = order.timeoutMs() > 0 ? order.timeoutMs() : settings.defaultTimeout().toMillis();
    Envelope envelope =
        new Envelope(
            id,
            admitted.from(),
            route.to(),
            order.conversation() == null ? id.value() : order.conversation(),
            admitted.causes(),
            withinParent(order, now + timeout),
            order.traceparent(),
            order.kind(),
            order.payload());
    launch(
        new Flight(
            envelope,
            order.caller(),
            admitted.tenant(),
            route,
            account,
            0,
            () -> expired(route.to(), timeout)),
        endpoint,
        payload -> call.chunks().chunk(id, payload),
        delivery -> {
          parts.ledger.count(
              admitted.scope(), admitted.from().agent(), route.channelId(), Counter.CALLS);
          countHandled(route);
          call.admitted(delivery);
        },
        (ended, reply, failure) -> end(call, ended, reply, failure));
  }

  /**
   * One message on its way to its agent.
   *
   * @param payer the sender's tenant, whose slot it takes
   * @param attempt 0 for a call, from 1 for a sent message
   * @param late what it fails with at its deadline
   */
  private record Flight(
      Envelope envelope,
      Principal caller,
      Tenant payer,
      Route route,
      Account account,
      int attempt,
      Supplier<ParleyException> late) {}

  /** Hands a message to its agent; refused when there are too many in flight. */
  private void launch(
      Flight flight,
      Endpoint endpoint,
      Consumer<RawJson> onChunk,
      Consumer<Delivery> onAdmitted,
      Delivery.Ending onEnd) {
    Permit permit = flight.route.permit();
    TenantScope payer = parts.scopes.of(HubPrincipals.bookkeeper(flight.payer.id()));
    Concurrency.Slot slot = parts.concurrency.acquire(payer, flight.payer.limits());
    long startedAt = System.nanoTime();
    Delivery delivery =
        new Delivery(
            flight.envelope,
            flight.attempt,
            flight.caller,
            permit,
            flight.account,
            onChunk,
            (ended, reply, failure) -> {
              inFlight.remove(ended);
              slot.close();
              parts.metrics.callEnded(failure, System.nanoTime() - startedAt);
              onEnd.ended(ended, reply, failure);
            });
    try {
      inFlight.add(delivery);
    } catch (ParleyException refused) {
      slot.close();
      throw refused;
    }
    delivery.endsBy(endInTime(delivery, flight.late));
    onAdmitted.accept(delivery);
    if (permit != null && !permit.current()) {
      inFlight.recheck(delivery);
    }
    if (!delivery.ended()) {
      endpoint.deliver(delivery);
    }
  }

  /** Ends the delivery at its deadline, or before it when its channel expires. */
  private Timeout endInTime(Delivery delivery, Supplier<ParleyException> late) {
    long deadline = delivery.envelope().deadline();
    Permit permit = delivery.permit();
    long channelEnd = permit == null ? Long.MAX_VALUE : permit.end();
    return deadlines.after(
        Math.max(1, Math.min(deadline, channelEnd) - clock.millis()),
        () ->
            delivery.cancel(
                channelEnd < deadline ? Delivery.cancelled("its channel expired") : late.get()));
  }

  private void end(
      Outgoing call,
      Delivery delivery,
      @Nullable RawJson reply,
      @Nullable ParleyException failure) {
    delivery
        .account()
        .close(failure == null)
        .onSuccess(
            charge -> {
              if (reply != null) {
                call.succeed(
                    new Reply(delivery.envelope(), reply, charge.millicents(), charge.tokens()));
              } else if (failure != null) {
                call.fail(failure);
              }
            })
        .onFailure(unbooked -> refuse(call, failure == null ? unbooked : failure));
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

  private void countRefused(CallOrder order) {
    parts.ledger.count(
        parts.scopes.of(order.caller()), Admission.from(order).agent(), null, Counter.REFUSED);
  }

  private void countHandled(Route route) {
    TenantScope callee = parts.scopes.of(HubPrincipals.bookkeeper(route.to().tenant()));
    parts.ledger.count(callee, route.to().agent(), route.channelId(), Counter.HANDLED);
  }

  private static ParleyException expired(AgentAddress to, long timeout) {
    return new ParleyException(
            ErrorCode.DEADLINE_EXCEEDED,
            "agent %s did not answer within %d ms".formatted(to, timeout))
        .with("timeoutMs", timeout);
  }
}
