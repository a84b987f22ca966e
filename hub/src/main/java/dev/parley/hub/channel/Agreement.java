package dev.parley.hub.channel;

import dev.parley.hub.channel.Channel.Revocation;
import org.jspecify.annotations.Nullable;

/**
 * Both copies of a channel beside each other, from the view of one side. The one place that says
 * what a channel's status is.
 *
 * @param own this side's copy
 * @param peer the other side's, null when it has none
 */
record Agreement(Copy own, @Nullable Copy peer) {

  Terms terms() {
    return own.terms();
  }

  boolean bothSigned() {
    return own.isSigned() && peer != null && peer.isSigned() && peer.terms().equals(own.terms());
  }

  @Nullable Revocation revocation() {
    Revocation mine = own.revocation();
    return mine != null || peer == null ? mine : peer.revocation();
  }

  Status status(long now) {
    if (revocation() != null || brokenOff()) {
      return Status.REVOKED;
    }
    if (now >= (bothSigned() ? terms().end() : terms().lapse())) {
      return Status.EXPIRED;
    }
    return bothSigned() ? Status.ACTIVE : Status.PROPOSED;
  }

  /** Whether the other copy was there, must have been, or contradicts this one. */
  private boolean brokenOff() {
    if (peer == null) {
      return own.peerSignedAt() != null || !own.isSigned();
    }
    return !peer.terms().equals(own.terms());
  }

  Channel channel(long now) {
    Long mine = own.signedAt();
    Long theirs = peer == null ? null : peer.signedAt();
    Long acceptedAt = mine == null || theirs == null ? null : Long.valueOf(Math.max(mine, theirs));
    return new Channel(terms(), status(now), acceptedAt, revocation());
  }
}
