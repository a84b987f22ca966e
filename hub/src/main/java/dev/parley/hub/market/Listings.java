package dev.parley.hub.market;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.channel.Guard;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;

/** The listings of all publishers, each among its publisher's data. */
final class Listings {
  static final int MOST_WITHDRAWN = 1_000;
  private static final Script WRITE = new Script("listing-write");

  /**
   * A listing as it was read.
   *
   * @param text the JSON
   */
  record Stored(Listing listing, String text) {}

  private final Store store;
  private final TenantScopes scopes;

  Listings(Store store, TenantScopes scopes) {
    this.store = store;
    this.scopes = scopes;
  }

  /** The listing, also one that was taken off the market. */
  Future<Optional<Stored>> read(ListingId id) {
    return store
        .hashGet(key(id.publisher()), id.name())
        .map(text -> Optional.ofNullable(text).map(json -> new Stored(Listing.read(json), json)));
  }

  /** The listing while it is on the market; fails with {@code not_found}. */
  Future<Stored> published(ListingId id) {
    return read(id)
        .map(
            found ->
                found
                    .filter(stored -> stored.listing().isPublished())
                    .orElseThrow(() -> notFound(id)));
  }

  /** All listings of a publisher, also those taken off the market. */
  Future<List<Listing>> readAll(TenantId publisher) {
    return store
        .hashGetAll(key(publisher))
        .map(rows -> rows.values().stream().map(Listing::read).toList());
  }

  /**
   * Writes a listing if it is still as it was read.
   *
   * @param limit how many the publisher may have on the market
   * @return whether it was; fails with {@code limit_exceeded} for one too many
   */
  Future<Boolean> write(Listing listing, Optional<Stored> previous, long limit, long now) {
    TenantId publisher = listing.id().publisher();
    TenantScope scope = scope(publisher);
    return store
        .run(
            WRITE,
            List.of(
                key(publisher),
                scope.key("listings", "published"),
                scope.key("listings", "withdrawn")),
            List.of(
                listing.id().name(),
                previous.map(Stored::text).orElse(""),
                listing.toJson().toString(),
                listing.isPublished() ? "published" : "withdrawn",
                Long.toString(limit),
                Integer.toString(MOST_WITHDRAWN),
                Long.toString(now)))
        .map(
            result -> {
              if (result.integer(0) < 0) {
                throw atLimit(publisher, result.integer(1), limit);
              }
              return result.integer(0) == 1;
            });
  }

  /** That the listing is as it was read, for the seller's signature. */
  Guard guard(Stored stored) {
    ListingId id = stored.listing().id();
    return new Guard(key(id.publisher()), id.name(), stored.text());
  }

  private Key key(TenantId publisher) {
    return scope(publisher).key("listings");
  }

  private TenantScope scope(TenantId publisher) {
    return scopes.of(HubPrincipals.bookkeeper(publisher));
  }

  static ParleyException notFound(ListingId id) {
    return ParleyException.notFound("listing " + id).with("field", "listing");
  }

  static ParleyException contended(ListingId id) {
    return new ParleyException(ErrorCode.UNAVAILABLE, id + " keeps changing; try again")
        .retryAfter(100);
  }

  private static ParleyException atLimit(TenantId publisher, long used, long limit) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "%s has published %d listings of %d; unpublish one, or ask the operator for more"
                .formatted(publisher, used, limit))
        .with("limit", "listings")
        .with("used", used)
        .with("max", limit);
  }
}
