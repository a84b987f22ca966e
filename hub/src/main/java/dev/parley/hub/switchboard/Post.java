package dev.parley.hub.switchboard;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.quota.Counter;
import dev.parley.hub.switchboard.Admission.Admitted;
import dev.parley.hub.switchboard.Switchboard.Sent;
import dev.parley.hub.tenant.Tenant;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Sent messages: into the mailbox when they are admitted, and out of it to their agents. */
final class Post {
  private static final long SUSPENDED_PAUSE_MS = 30_000;

  private final Clock clock;
  private final SwitchboardSettings settings;
  private final Switchboard.Parts parts;
  private final Admission admission;
  private final Flights flights;
  private volatile @Nullable Mailroom mailroom;

  Post(
      Clock clock,
      SwitchboardSettings settings,
      Switchboard.Parts parts,
      Admission admission,
      Flights flights) {
    this.clock = clock;
    this.settings = settings;
    this.parts = parts;
    this.admission = admission;
    this.flights = flights;
  }

  void into(Mailroom room) {
    mailroom = room;
  }

  Future<Sent> send(CallOrder order, Mail.Priority priority) {
    return admission.admit(order).compose(admitted -> post(order, priority, admitted));
  }

  /** Sends a message anew that was not handled; each time counts as a hop. */
  Future<Sent> sendAgain(CallOrder order, Mail.Priority priority, Envelope dead) {
    List<Cause> causes;
    try {
      causes = admission.again(dead);
    } catch (ParleyException refused) {
      return Future.failedFuture(refused);
    }
    return sendFollowing(order, priority, causes);
  }

  /** Sends a message that follows from these causes. */
  Future<Sent> sendFollowing(CallOrder order, Mail.Priority priority, List<Cause> causes) {
    return admission
        .admit(order)
        .compose(admitted -> post(order, priority, admitted.after(causes)));
  }

  /** The trace of what led to a message goes on in it. */
  private static @Nullable String traceOf(CallOrder order) {
    return order.traceparent() != null || order.cause() == null || !order.cause().stated()
        ? order.traceparent()
        : order.cause().delivery().envelope().traceparent();
  }

  private Future<Sent> post(CallOrder order, Mail.Priority priority, Admitted admitted) {
    Mailroom room = Objects.requireNonNull(mailroom, "mailroom");
    AgentAddress to = admitted.route().to();
    MessageId id = order.id() == null ? MessageId.next() : order.id();
    long now = clock.millis();
    long ttl = order.timeoutMs() > 0 ? order.timeoutMs() : settings.defaultTtl().toMillis();
    Envelope envelope =
        new Envelope(
            id,
            admitted.from(),
            to,
            order.conversation() == null ? id.value() : order.conversation(),
            admitted.causes(),
            now + ttl,
            traceOf(order),
            order.kind(),
            order.rights().names(),
            order.payload());
    Mail mail =
        new Mail(
            envelope,
            order.to(),
            priority,
            admitted.route().channelId(),
            order.caller().keyId(),
            order.timeoutMs(),
            now);
    return parts
        .directory()
        .exists(to)
        .compose(
            there ->
                there
                    ? parts.accounts().open(admitted.from(), to, admitted.route().permit())
                    : Future.failedFuture(ParleyException.notFound("agent " + to)))
        .compose(account -> account.close(false))
        .compose(payable -> parts.tenants().get(to.tenant()))
        .compose(callee -> room.accept(mail, callee.limits()))
        .map(
            status -> {
              parts
                  .ledger()
                  .count(
                      admitted.scope(),
                      admitted.from().agent(),
                      admitted.route().channelId(),
                      Counter.CALLS);
              return new Sent(id, status);
            });
  }

  void deliver(Mail mail, int attempt, long deadline, Mailroom.Handling handling) {
    Envelope envelope = mail.envelope().until(deadline);
    Party from = envelope.from();
    Principal bookkeeper = HubPrincipals.bookkeeper(from.tenant());
    activeForMail(envelope.to().tenant())
        .compose(callee -> activeForMail(from.tenant()))
        .compose(
            sender ->
                admission
                    .route(from, mail.target())
                    .compose(
                        route -> {
                          if (!route.to().equals(envelope.to())
                              || !Objects.equals(route.channelId(), mail.channel())) {
                            throw new ParleyException(
                                ErrorCode.FORBIDDEN,
                                "the channel by which the message was accepted has ended");
                          }
                          return parts
                              .directory()
                              .locate(route.to())
                              .compose(
                                  endpoint ->
                                      parts
                                          .accounts()
                                          .open(from, route.to(), route.permit())
                                          .map(
                                              account -> {
                                                handOver(
                                                    new Flights.Flight(
                                                        envelope,
                                                        bookkeeper,
                                                        parts.scopes().of(bookkeeper),
                                                        sender,
                                                        route,
                                                        account,
                                                        Credits.unlimited(),
                                                        attempt,
                                                        () -> unhandled(envelope.to())),
                                                    endpoint,
                                                    handling);
                                                return null;
                                              }));
                        }))
        .onFailure(failure -> handling.ended(false, Switchboard.known(failure)));
  }

  private void handOver(Flights.Flight flight, Endpoint endpoint, Mailroom.Handling handling) {
    try {
      flights.launch(
          flight,
          endpoint,
          ignored -> {},
          delivery -> handling.handedOver(),
          (ended, reply, failure) -> {
            if (failure == null) {
              flights.countHandled(flight.route());
            }
            flight
                .account()
                .close(failure == null)
                .onSuccess(charge -> flights.countSpend(ended.envelope(), charge))
                .onComplete(closed -> handling.ended(true, failure));
          });
    } catch (ParleyException refused) {
      flight.account().close(false);
      throw refused;
    }
  }

  /** Mail of and for a suspended tenant waits. */
  private Future<Tenant> activeForMail(TenantId id) {
    return parts
        .tenants()
        .get(id)
        .map(
            tenant -> {
              if (!tenant.active()) {
                throw new ParleyException(
                        ErrorCode.UNAVAILABLE, "tenant %s is suspended".formatted(id))
                    .retryAfter(SUSPENDED_PAUSE_MS);
              }
              return tenant;
            });
  }

  private static ParleyException unhandled(AgentAddress to) {
    return new ParleyException(
        ErrorCode.DEADLINE_EXCEEDED, "agent %s did not acknowledge the message".formatted(to));
  }
}
