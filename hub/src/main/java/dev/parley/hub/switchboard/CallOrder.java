package dev.parley.hub.switchboard;

import dev.parley.hub.access.Principal;
import dev.parley.hub.access.Rights;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import org.jspecify.annotations.Nullable;

/**
 * What a caller asks of the switchboard.
 *
 * @param caller the authenticated principal
 * @param from the own agent a person calls as; null for the person, or for the agent that calls
 * @param conversation null for a new one
 * @param timeoutMs how long to wait, 0 for the default
 * @param cause what is being handled that led to this call, or null
 * @param id chosen by the caller, or null
 * @param traceparent W3C Trace Context, or null
 */
public record CallOrder(
    Principal caller,
    @Nullable AgentId from,
    Target to,
    RawJson payload,
    @Nullable String conversation,
    long timeoutMs,
    Kind kind,
    @Nullable CallCause cause,
    @Nullable MessageId id,
    @Nullable String traceparent) {

  /**
   * The message that led to a call.
   *
   * @param stated false when the hub only infers it, because an agent that was handling messages
   *     did not say which; the chain then counts for the hop limit and not for the cycle guard
   * @param charged the message that the call is counted against as one of those it has led to; the
   *     same unless the cause is inferred
   * @param rights what may be done because of the message; of all those being handled where the hub
   *     does not know which it was
   */
  public record CallCause(Delivery delivery, boolean stated, Delivery charged, Rights rights) {

    /** The agent says, or the hub knows, that it is handling this. */
    public static CallCause stated(Delivery delivery) {
      return new CallCause(delivery, true, delivery, rightsOf(delivery));
    }

    /** What may be done because of a message. */
    public static Rights rightsOf(Delivery delivery) {
      return Rights.of(delivery.envelope().rights());
    }
  }

  /** What may be done because of this: what its caller may, and what led to it permits. */
  Rights rights() {
    return cause == null ? caller.rights() : caller.rights().and(cause.rights());
  }

  /** The same order by the same caller, who hands on no more than these rights. */
  CallOrder limitedTo(Rights rights) {
    return new CallOrder(
        caller.limitedTo(rights),
        from,
        to,
        payload,
        conversation,
        timeoutMs,
        kind,
        cause,
        id,
        traceparent);
  }
}
