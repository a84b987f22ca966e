package dev.parley.hub.switchboard;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ParleyException;

/**
 * A delivery that another node admitted, at the node where its agent is. Policy and quota were
 * applied there, and the deadline is kept there; here it only runs, and what comes of it goes back.
 */
public final class RelayedDelivery {

  /** The node that admitted the call. */
  public interface Origin {
    void chunk(RawJson payload);

    void replied(RawJson payload);

    void failed(ParleyException failure);
  }

  private final Delivery delivery;

  /**
   * Makes one; its end is told to {@code origin} unless it is cancelled from there.
   *
   * @param credit how many chunks the caller takes, or {@link Credits#UNLIMITED}
   */
  public RelayedDelivery(
      Envelope envelope, int attempt, long credit, Account account, Origin origin) {
    delivery =
        new Delivery(
            envelope,
            attempt,
            HubPrincipals.bookkeeper(envelope.from().tenant()),
            null,
            account,
            Credits.of(credit),
            origin::chunk,
            (ended, reply, failure) -> {
              if (reply != null) {
                origin.replied(reply);
              } else if (failure != null) {
                origin.failed(failure);
              }
            });
  }

  public Delivery delivery() {
    return delivery;
  }

  /** The caller takes so many chunks more. */
  public void grant(long credit) {
    delivery.grant(credit);
  }

  /** Ends it from outside: the agent is told to stop. */
  public void cancel(ParleyException reason) {
    delivery.cancel(reason);
  }
}
