package dev.parley.hub.switchboard;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.loop.Edge;
import dev.parley.hub.quota.Concurrency;
import dev.parley.hub.quota.Counter;
import dev.parley.hub.switchboard.Admission.Route;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;
import io.netty.util.Timeout;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Hands messages to their agents, calls and sent ones alike, and ends them in time. */
final class Flights {
  private final Clock clock;
  private final Switchboard.Parts parts;
  private final CallsInFlight inFlight;
  private final Deadlines deadlines;

  Flights(Vertx vertx, Clock clock, SwitchboardSettings settings, Switchboard.Parts parts) {
    this.clock = clock;
    this.parts = parts;
    this.inFlight =
        new CallsInFlight(
            settings.maxInFlight(), parts.tenants(), parts.channels(), parts.directory());
    this.deadlines = new Deadlines(vertx, settings.maxInFlight());
    inFlight.follow(parts.announcements());
    parts.metrics().gauge("parley.calls.in.flight", inFlight, CallsInFlight::size);
    parts.metrics().gauge("parley.deadlines", deadlines, Deadlines::size);
  }

  /**
   * One message on its way to its agent.
   *
   * @param scope of the sender's tenant
   * @param payer the sender's tenant, whose slot it takes
   * @param credits how many chunks of its reply the sender takes
   * @param attempt 0 for a call, from 1 for a sent message
   * @param late what it fails with at its deadline
   */
  record Flight(
      Envelope envelope,
      Principal caller,
      TenantScope scope,
      Tenant payer,
      Route route,
      OpenAccount account,
      Credits credits,
      int attempt,
      Supplier<ParleyException> late) {}

  /** Hands a message to its agent; refused when there are too many in flight. */
  void launch(
      Flight flight,
      Endpoint endpoint,
      Consumer<RawJson> onChunk,
      Consumer<Delivery> onAdmitted,
      Delivery.Ending onEnd) {
    Permit permit = flight.route.permit();
    Concurrency.Slot slot = parts.concurrency().acquire(flight.scope, flight.payer.limits());
    long startedAt = System.nanoTime();
    Delivery delivery =
        new Delivery(
            flight.envelope,
            flight.attempt,
            flight.caller,
            permit,
            flight.account,
            flight.credits,
            onChunk,
            (ended, reply, failure) -> {
              inFlight.remove(ended);
              slot.close();
              parts.metrics().callEnded(failure, System.nanoTime() - startedAt);
              onEnd.ended(ended, reply, failure);
            });
    try {
      inFlight.add(delivery);
      delivery.endsBy(endInTime(delivery, flight.late));
    } catch (ParleyException refused) {
      inFlight.remove(delivery);
      slot.close();
      throw refused;
    }
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

  /** Tells the loop breaker what a message has cost its sender. */
  void countSpend(Envelope handled, OpenAccount.Charge charge) {
    Edge edge = charge.millicents() == 0 ? null : Edge.of(handled.from(), handled.to());
    if (edge != null) {
      parts.loops().spent(edge, charge.millicents());
    }
  }

  int through(String channelId) {
    return inFlight.through(channelId);
  }

  Future<Void> close() {
    return deadlines.close();
  }

  void countHandled(Route route) {
    TenantScope callee = parts.scopes().of(HubPrincipals.bookkeeper(route.to().tenant()));
    parts.ledger().count(callee, route.to().agent(), route.channelId(), Counter.HANDLED);
  }
}
