package dev.parley.hub.market;

import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.channel.Price;
import dev.parley.hub.channel.TenantDirectory;
import dev.parley.hub.cluster.Announcement.ListingChanged;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.market.Catalogue.Mark;
import dev.parley.hub.market.Listings.Stored;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The marketplace. The caller has checked the principal's permission; this class sees to it that a
 * tenant publishes and unpublishes only its own, and that a price holds from the moment a buyer
 * agreed to it. May be used from any thread.
 */
public final class Market {
  private static final Logger LOG = LoggerFactory.getLogger(Market.class);
  private static final int ATTEMPTS = 5;

  /** How many listings were taken off the market for an agent, and how many installs that ended. */
  public record Retirement(int listings, int installs) {}

  /** A listing that was taken off the market, and how many installs that ended. */
  public record Withdrawal(Listing listing, int installsEnded) {}

  private final Listings listings;
  private final Catalogue catalogue;
  private final Installs installs;
  private final Channels channels;
  private final TenantDirectory tenants;
  private final AgentLookup agents;
  private final Announcements announcements;
  private final Clock clock;

  public Market(
      Store store,
      TenantScopes scopes,
      Channels channels,
      TenantDirectory tenants,
      AgentLookup agents,
      Announcements announcements,
      Clock clock) {
    this.listings = new Listings(store, scopes);
    this.catalogue = new Catalogue(store, listings, clock);
    this.installs = new Installs(listings, channels);
    this.channels = channels;
    this.tenants = tenants;
    this.agents = agents;
    this.announcements = announcements;
    this.clock = clock;
  }

  /** Reads what search needs, so that the first search need not wait for it. */
  public Future<Void> warmUp() {
    return catalogue.readChanges();
  }

  /**
   * Publishes an own agent as a listing, or a new version of it. Installs keep the terms they were
   * made under.
   *
   * @return fails with {@code not_found} for an agent that does not exist, {@code conflict} for a
   *     version that does not grow, and {@code limit_exceeded} for one listing too many
   */
  public Future<Listed> publish(Principal principal, Publication publication) {
    ListingId id;
    try {
      id = new ListingId(principal.tenant(), publication.name());
    } catch (ParleyException e) {
      return Future.failedFuture(e);
    }
    return agents
        .exists(principal.tenant(), publication.agent())
        .compose(
            exists ->
                exists
                    ? limit(principal.tenant())
                    : Future.failedFuture(
                        ParleyException.notFound("agent " + publication.agent())
                            .with("field", "agent")))
        .compose(limit -> publish(id, publication, limit, ATTEMPTS))
        .compose(this::listed);
  }

  private Future<Listing> publish(ListingId id, Publication publication, long limit, int attempts) {
    return listings
        .read(id)
        .compose(
            previous -> {
              Listing next = next(id, previous, publication, clock.millis());
              return write(next, previous, limit)
                  .compose(
                      written -> {
                        if (written) {
                          return announce(id).map(next);
                        }
                        return attempts == 1
                            ? Future.failedFuture(Listings.contended(id))
                            : publish(id, publication, limit, attempts - 1);
                      });
            });
  }

  private static Listing next(
      ListingId id, Optional<Stored> previous, Publication publication, long now) {
    if (previous.isEmpty()) {
      return Listing.first(id, publication, now);
    }
    Listing before = previous.get().listing();
    Version version =
        Objects.requireNonNullElse(publication.version(), before.version().nextMinor());
    if (version.compareTo(before.version()) <= 0) {
      throw new ParleyException(
              ErrorCode.CONFLICT,
              "%s has been published as %s; publish it with a higher version than that, not %s"
                  .formatted(id, before.version(), version))
          .with("field", "version")
          .with("current", before.version().toString());
    }
    return before.updated(publication, version, now);
  }

  /**
   * Takes an own listing off the market and ends its installs. Should it fail half way, doing it
   * again ends the rest.
   *
   * @return fails with {@code not_found} for what is not an own listing on the market
   */
  public Future<Withdrawal> unpublish(Principal principal, ListingId id) {
    if (!principal.tenant().equals(id.publisher())) {
      return Future.failedFuture(Listings.notFound(id));
    }
    return withdraw(id, ATTEMPTS)
        .compose(
            withdrawn ->
                installs
                    .endAll(principal, id)
                    .compose(
                        ended ->
                            withdrawn.wasPublished || ended > 0
                                ? Future.succeededFuture(new Withdrawal(withdrawn.listing, ended))
                                : Future.failedFuture(Listings.notFound(id))));
  }

  /**
   * Takes an own agent off the market: its listings, and what is still installed from times when
   * another listing led to it. Should it fail half way, doing it again ends the rest.
   */
  public Future<Retirement> retire(Principal principal, AgentId agent) {
    return listings
        .readAll(principal.tenant())
        .compose(
            all -> {
              Future<Retirement> retired = Future.succeededFuture(new Retirement(0, 0));
              for (Listing listing : all) {
                retired = retired.compose(sum -> retire(principal, agent, listing, sum));
              }
              return retired;
            });
  }

  private Future<Retirement> retire(
      Principal principal, AgentId agent, Listing listing, Retirement sum) {
    return listing.isPublished() && listing.agent().equals(agent)
        ? unpublish(principal, listing.id())
            .map(gone -> new Retirement(sum.listings + 1, sum.installs + gone.installsEnded))
        : installs
            .endThoseOf(principal, listing.id(), agent)
            .map(ended -> new Retirement(sum.listings, sum.installs + ended));
  }

  private record Withdrawn(Listing listing, boolean wasPublished) {}

  private Future<Withdrawn> withdraw(ListingId id, int attempts) {
    return listings
        .read(id)
        .compose(
            previous -> {
              Listing before = previous.orElseThrow(() -> Listings.notFound(id)).listing();
              if (!before.isPublished()) {
                return Future.succeededFuture(new Withdrawn(before, false));
              }
              Listing next = before.unpublished(clock.millis());
              return write(next, previous, 0)
                  .compose(
                      written -> {
                        if (written) {
                          return announce(id).map(new Withdrawn(next, true));
                        }
                        return attempts == 1
                            ? Future.failedFuture(Listings.contended(id))
                            : withdraw(id, attempts - 1);
                      });
            });
  }

  /**
   * Finds public listings on the market by words of their name, title, publisher, skills and
   * description. It finds what was published on any node before.
   *
   * @param query words, all of which must match; the first three letters of one suffice; empty for
   *     everything, latest updated first
   * @param offset at least 0
   * @param limit 1 to 100
   */
  public Future<SearchPage> search(String query, int offset, int limit) {
    if (offset < 0 || limit < 1 || limit > 100) {
      throw new IllegalArgumentException("offset " + offset + ", limit " + limit);
    }
    return catalogue
        .search(query, offset, limit)
        .compose(
            hits -> {
              var reads = hits.ids().stream().map(this::listedIfPublic).toList();
              return Future.all(reads)
                  .map(
                      all ->
                          new SearchPage(
                              reads.stream().flatMap(read -> read.result().stream()).toList(),
                              hits.total()));
            });
  }

  /** One listing on the market, public or not; fails with {@code not_found}. */
  public Future<Listed> get(ListingId id) {
    return listings.published(id).map(Stored::listing).compose(this::listed);
  }

  /**
   * Installs a listing: an active channel from the whole tenant, under the terms of the listing as
   * it is now. Installing again takes over the current version and price; when they are the same,
   * what is installed stays as it is.
   *
   * @param maxPrice the price that the buyer agreed to, or null for any
   * @return fails with {@code not_found}; {@code invalid_request} for an own listing; {@code
   *     conflict} when the price is higher than {@code maxPrice} or in another unit; {@code
   *     limit_exceeded}
   */
  public Future<Install> install(Principal buyer, ListingId id, @Nullable Price maxPrice) {
    if (buyer.tenant().equals(id.publisher())) {
      return Future.failedFuture(
          ParleyException.invalid(
              "listing", "%s is your own; call its agent by its address instead".formatted(id)));
    }
    return installs.install(buyer, id, maxPrice).compose(done -> announce(id).map(done));
  }

  /** Uninstalls a listing and revokes its channel; fails with {@code not_found}. */
  public Future<Install> uninstall(Principal buyer, ListingId id) {
    return installs.uninstall(buyer, id).compose(done -> announce(id).map(done));
  }

  /**
   * What the tenant has installed, newest first, with what was ended since by either side: one for
   * each listing, among the tenant's newest 1000 channels of all kinds.
   */
  public Future<List<Install>> installed(Principal buyer) {
    return installs.of(buyer);
  }

  /**
   * Where a listing leads for a caller whose tenant has installed it: the hot path, cached as
   * {@link Channels#permit}.
   *
   * @return fails with {@code not_found} and how to install it, whether it exists or not
   */
  public Future<MarketRoute> route(Party from, ListingId id) {
    Future<Permit> permit = channels.permit(from, id);
    return permit.succeeded()
        ? Future.succeededFuture(MarketRoute.of(permit.result()))
        : permit.map(MarketRoute::of);
  }

  /** Puts all listings of a publisher into the order of changes again; answers how many. */
  public Future<Integer> reindex(TenantId publisher) {
    return listings
        .readAll(publisher)
        .compose(
            all ->
                Future.all(
                        all.stream()
                            .map(
                                listing ->
                                    catalogue.mark(
                                        listing.id(), listing.isPublic() ? Mark.PUBLIC : Mark.GONE))
                            .toList())
                    .map(done -> all.size()));
  }

  private Future<Boolean> write(Listing next, Optional<Stored> previous, long limit) {
    ListingId id = next.id();
    Mark written = next.isPublic() ? Mark.PUBLIC : Mark.GONE;
    Mark unwritten = previous.isPresent() ? Mark.SAME : Mark.GONE;
    return catalogue
        .mark(id, Mark.BEGIN)
        .compose(begun -> listings.write(next, previous, limit, clock.millis()))
        .recover(e -> catalogue.mark(id, unwritten).transform(done -> Future.failedFuture(e)))
        .compose(done -> catalogue.mark(id, done ? written : unwritten).map(done));
  }

  private Future<Optional<Listed>> listedIfPublic(ListingId id) {
    return listings
        .read(id)
        .compose(
            found ->
                found
                    .map(Stored::listing)
                    .filter(Listing::isPublic)
                    .map(listing -> listed(listing).map(Optional::of))
                    .orElse(Future.succeededFuture(Optional.empty())));
  }

  private Future<Listed> listed(Listing listing) {
    return channels.sales().count(listing.id()).map(installs -> new Listed(listing, installs));
  }

  private Future<Long> limit(TenantId tenant) {
    return tenants
        .find(tenant)
        .map(found -> found.map(t -> Limits.value(t.limits().listings())).orElse(0L));
  }

  private Future<Void> announce(ListingId id) {
    return announcements
        .announce(new ListingChanged(id.publisher().value(), id.name()))
        .onFailure(e -> LOG.warn("{} changed, not announced: {}", id, e, e))
        .otherwiseEmpty();
  }
}
