package dev.parley.hub.channel;

import dev.parley.hub.channel.Channel.Revocation;
import dev.parley.hub.channel.Copies.Outcome;
import dev.parley.hub.channel.Copies.Place;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the two copies of a channel in line after one of them was written: what a crash has
 * interrupted is completed by whoever looks at the channel next. It spreads revocations and the
 * knowledge of signatures; it never signs.
 */
final class Settlement {
  private static final Logger LOG = LoggerFactory.getLogger(Settlement.class);

  private final Books books;

  Settlement(Books books) {
    this.books = books;
  }

  /** Settles both copies as far as they need it. Failures are logged: looking again repeats it. */
  Future<Void> settle(Agreement agreement, TenantId own, long now) {
    TenantId peer = agreement.terms().peerOf(own);
    Copy theirs = agreement.peer();
    Future<?> mine = side(own, agreement.own(), theirs, now);
    Future<?> other =
        theirs == null ? Future.succeededFuture() : side(peer, theirs, agreement.own(), now);
    return Future.join(mine, other)
        .onFailure(e -> LOG.warn("channel {} is settled later: {}", agreement.terms().id(), e, e))
        .transform(done -> Future.succeededFuture());
  }

  private Future<Outcome> side(TenantId tenant, Copy copy, @Nullable Copy other, long now) {
    Terms terms = copy.terms();
    if (copy.isRevoked()) {
      return Future.succeededFuture(Outcome.WRITTEN);
    }
    Copies side = books.of(tenant);
    Revocation revocation = other == null ? vanished(copy, now) : other.revocation();
    if (revocation != null) {
      Place place = copy.isSigned() ? Place.ENDED : Place.GONE;
      return side.write(copy.revoked(revocation), place, now);
    }
    Long signedAt = other == null ? null : other.signedAt();
    if (copy.isSigned() && copy.peerSignedAt() == null && signedAt != null && now < terms.end()) {
      return side.write(copy.peerSigned(signedAt), placeOf(copy, tenant), now);
    }
    return Future.succeededFuture(Outcome.WRITTEN);
  }

  private static @Nullable Revocation vanished(Copy copy, long now) {
    Terms terms = copy.terms();
    boolean wasThere = copy.isSigned() && copy.peerSignedAt() != null;
    TenantId gone =
        terms.proposedBy().tenant().equals(terms.from().tenant())
            ? terms.from().tenant()
            : terms.to().tenant();
    return wasThere ? new Revocation(now, Party.of(gone), "this side has no copy any more") : null;
  }

  static Place placeOf(Copy copy, TenantId side) {
    boolean sold = copy.terms().offer() != null && copy.terms().to().tenant().equals(side);
    return sold ? Place.SOLD : Place.SIGNED;
  }
}
