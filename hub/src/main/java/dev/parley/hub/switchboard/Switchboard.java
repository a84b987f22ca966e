package dev.parley.hub.switchboard;

import static dev.parley.hub.switchboard.Steps.then;

import dev.parley.hub.access.Permission;
import dev.parley.hub.access.Principal;
import dev.parley.hub.access.Rights;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.market.Market;
import dev.parley.hub.quota.ChannelRates;
import dev.parley.hub.quota.Concurrency;
import dev.parley.hub.quota.Counter;
import dev.parley.hub.quota.Ledger;
import dev.parley.hub.quota.RateLimits;
import dev.parley.hub.switchboard.Admission.Admitted;
import dev.parley.hub.switchboard.Admission.Route;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
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

  private final Clock clock;
  private final SwitchboardSettings settings;
  private final Parts parts;
  private final Admission admission;
  private final Flights flights;
  private final Post post;

  public Switchboard(Vertx vertx, Clock clock, SwitchboardSettings settings, Parts parts) {
    this.clock = clock;
    this.settings = settings;
    this.parts = parts;
    this.admission = new Admission(parts, new LoopGuard(settings, parts.loops));
    this.flights = new Flights(vertx, clock, settings, parts);
    this.post = new Post(clock, settings, parts, admission, flights);
  }

  /**
   * Prepares a call.
   *
   * @throws ParleyException {@code forbidden} or {@code invalid_request}, when the order itself is
   *     not in order
   */
  public Outgoing prepare(CallOrder order, Chunks chunks) {
    return prepare(order, chunks, Credits.UNLIMITED);
  }

  /**
   * As {@link #prepare(CallOrder, Chunks)}, for a caller that says how many chunks it takes.
   *
   * @param credit how many at first; {@link Outgoing#grant} adds more
   */
  public Outgoing prepare(CallOrder order, Chunks chunks, long credit) {
    requireMay(order);
    if (order.timeoutMs() > settings.maxTimeout().toMillis()) {
      throw ParleyException.invalid(
          "timeoutMs", "timeoutMs is at most " + settings.maxTimeout().toMillis());
    }
    return new Outgoing(order, this, chunks, Credits.of(credit));
  }

  private static void requireMay(CallOrder order) {
    Principal caller = order.caller();
    if (!caller.may(Permission.CHAT)) {
      caller.require(Permission.CALL);
      order.rights().requireTool("call_agent");
    }
    if (caller.agent() != null && order.from() != null && !order.from().equals(caller.agent())) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "this connection is the agent %s and cannot call as %s"
                  .formatted(caller.agent(), order.from()))
          .with("field", "from");
    }
  }

  /** Says who keeps sent messages; it delivers through the switchboard, so it is made later. */
  public void mailInto(Mailroom room) {
    post.into(room);
  }

  /**
   * Admits a message as a call is admitted and puts it into the mailbox of its agent, which need
   * not be there. What the message costs is paid when it is handled; that it can be paid is seen to
   * now.
   *
   * @return its id and what {@link Mailroom#accept} answers; fails as a call and as that do
   */
  public Future<Sent> send(CallOrder order, Mail.Priority priority) {
    requireMay(order);
    return counted(order, post.send(order, priority));
  }

  /** Admits a message that was not handled as a new one and sends it, as {@link #send} does. */
  public Future<Sent> sendAgain(CallOrder order, Mail.Priority priority, Envelope dead) {
    CallOrder again = order.limitedTo(Rights.of(dead.rights()));
    requireMay(again);
    return counted(again, post.sendAgain(again, priority, dead));
  }

  /** Sends a message that follows from these causes, as {@link #send} does. */
  public Future<Sent> sendFollowing(CallOrder order, Mail.Priority priority, List<Cause> causes) {
    requireMay(order);
    return counted(order, post.sendFollowing(order, priority, causes));
  }

  /**
   * The causes of what will be sent later because of a message that is being handled.
   *
   * @throws ParleyException {@code loop_detected} when the chain is at its end
   */
  public List<Cause> following(Envelope handled) {
    return admission.again(handled);
  }

  private Future<Sent> counted(CallOrder order, Future<Sent> sent) {
    return sent.onFailure(
        failure -> {
          countRefused(order);
          parts.metrics.callRefused(known(failure));
        });
  }

  /** The answer to a sent message. */
  public record Sent(MessageId id, String status) {}

  /**
   * Gives an accepted message to its agent, if what admitted it still holds: both tenants are
   * active, its channel is the one by which it was accepted, its sender can pay.
   *
   * @param attempt from 1
   * @param deadline by when the agent must have handled it, in epoch milliseconds
   */
  public void deliver(Mail mail, int attempt, long deadline, Mailroom.Handling handling) {
    post.deliver(mail, attempt, deadline, handling);
  }

  /** How many calls through this channel are in flight on this node. */
  public int inFlightOn(String channelId) {
    return flights.through(channelId);
  }

  /** Stops watching deadlines; calls that are still in flight end with their agents. */
  public Future<Void> close() {
    return flights.close();
  }

  void start(Outgoing call) {
    CallOrder order = call.order();
    then(admission.admit(order), admitted -> place(call, admitted))
        .onFailure(
            failure -> {
              countRefused(order);
              refuse(call, failure);
            });
  }

  private Future<Void> place(Outgoing call, Admitted admitted) {
    Route route = admitted.route();
    return then(
        parts.directory.locate(route.to()),
        endpoint ->
            then(
                parts.accounts.open(admitted.from(), route.to(), route.permit()),
                account -> {
                  try {
                    deliver(call, admitted, endpoint, account);
                  } catch (ParleyException refused) {
                    account.close(false);
                    throw refused;
                  }
                  return Future.succeededFuture();
                }));
  }

  private void deliver(Outgoing call, Admitted admitted, Endpoint endpoint, OpenAccount account) {
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
            order.rights().names(),
            order.payload());
    flights.launch(
        new Flights.Flight(
            envelope,
            order.caller(),
            admitted.scope(),
            admitted.tenant(),
            route,
            account,
            call.credits(),
            0,
            () -> expired(route.to(), timeout)),
        endpoint,
        payload -> call.chunks().chunk(id, payload),
        delivery -> {
          parts.ledger.count(
              admitted.scope(), admitted.from().agent(), route.channelId(), Counter.CALLS);
          flights.countHandled(route);
          call.admitted(delivery);
        },
        (ended, reply, failure) -> end(call, ended, account, reply, failure));
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
              flights.countSpend(delivery.envelope(), charge);
              if (reply != null) {
                Envelope answered = delivery.envelope();
                call.succeed(
                    new Reply(
                        answered.id(),
                        answered.to(),
                        answered.conversation(),
                        reply,
                        charge.millicents(),
                        charge.tokens()));
              } else if (failure != null) {
                call.fail(failure);
              }
            })
        .onFailure(unbooked -> refuse(call, failure == null ? unbooked : failure));
  }

  private void refuse(Outgoing call, Throwable failure) {
    ParleyException refusal = known(failure);
    parts.metrics.callRefused(refusal);
    call.fail(refusal);
  }

  static ParleyException known(Throwable failure) {
    return failure instanceof ParleyException known
        ? known
        : new ParleyException(ErrorCode.INTERNAL, "the call failed in the hub", failure);
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

  private static ParleyException expired(AgentAddress to, long timeout) {
    return new ParleyException(
            ErrorCode.DEADLINE_EXCEEDED,
            "agent %s did not answer within %d ms".formatted(to, timeout))
        .with("timeoutMs", timeout);
  }
}
