package dev.parley.hub.channel;

import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Copies.Outcome;
import dev.parley.hub.channel.Copies.Place;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Channels that come from the marketplace: the seller consents by its listing, the buyer by
 * installing it. The price is part of the terms, so it holds however the agent is addressed.
 */
public final class Sales {
  private final Books books;
  private final Settlement settlement;
  private final Function<Terms, Future<Void>> announce;
  private final Clock clock;

  Sales(Books books, Settlement settlement, Function<Terms, Future<Void>> announce, Clock clock) {
    this.books = books;
    this.settlement = settlement;
    this.announce = announce;
    this.clock = clock;
  }

  /**
   * Makes an active channel from the buyer's whole tenant. The buyer's copy is written first, then
   * the seller's together with the check of {@code guard}: a crash in between leaves a channel that
   * the seller never signed, which lapses after a minute. The seller pays for the tokens, the buyer
   * the price.
   *
   * @param to the agent sold
   * @return empty when the guard does not hold, and then no channel remains; fails with {@code
   *     limit_exceeded}
   */
  public Future<Optional<Channel>> establish(
      Principal buyer, AgentAddress to, Offer offer, Guard guard) {
    long now = clock.millis();
    Copies own = books.own(buyer);
    Terms terms =
        new Terms(
            Terms.newId(),
            Party.of(buyer.tenant()),
            to,
            null,
            Payer.TO,
            ChannelLimits.NONE,
            now,
            null,
            buyer.party(),
            offer);
    Copy bought = Copy.unsigned(terms).signed(now);
    Copy sold = bought.peerSigned(now);
    return books
        .limit(buyer.tenant())
        .compose(limit -> own.write(bought, Place.SIGNED, now, limit, null))
        .compose(
            written -> books.of(to.tenant()).write(sold, Place.SOLD, now, Copies.NO_LIMIT, guard))
        .recover(
            e ->
                own.write(bought.written(), Place.GONE, now)
                    .transform(gone -> Future.failedFuture(e)))
        .compose(
            outcome ->
                outcome == Outcome.WRITTEN
                    ? complete(bought.written(), sold.written(), now).map(Optional::of)
                    : own.write(bought.written(), Place.GONE, now).map(gone -> Optional.empty()));
  }

  private Future<Channel> complete(Copy bought, Copy sold, long now) {
    Agreement done = new Agreement(bought, sold);
    TenantId buyer = bought.terms().from().tenant();
    return settlement
        .settle(done, buyer, now)
        .compose(settled -> announce.apply(done.terms()))
        .map(told -> done.channel(now));
  }

  /**
   * The signed channels of a listing that have not ended: the seller's view has those of all
   * buyers, a buyer's its own.
   *
   * @param limit how many at most; which of them is not said
   */
  public Future<List<Channel>> of(Principal side, ListingId listing, int limit) {
    long now = clock.millis();
    return books
        .own(side)
        .ofListing(listing, now, limit)
        .compose(mine -> books.beside(mine, side.tenant()))
        .map(agreements -> agreements.stream().map(a -> a.channel(now)).toList());
  }

  /** How many buyers have the listing installed: channels that both signed and none has ended. */
  public Future<Long> count(ListingId listing) {
    return books.of(listing.publisher()).countOfListing(listing, clock.millis());
  }
}
