package dev.parley.hub.market;

import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Channel;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.Offer;
import dev.parley.hub.channel.Price;
import dev.parley.hub.channel.Status;
import dev.parley.hub.market.Listings.Stored;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Installing, uninstalling, and ending what others have installed. */
final class Installs {
  private static final int ATTEMPTS = 5;
  private static final int MOST_OWN = 64;
  private static final int REVOKED_AT_ONCE = 100;
  private static final Comparator<Channel> BY_AGE =
      Comparator.comparingLong((Channel channel) -> channel.terms().createdAt())
          .thenComparing(Channel::id);

  private final Listings listings;
  private final Channels channels;

  Installs(Listings listings, Channels channels) {
    this.listings = listings;
    this.channels = channels;
  }

  Future<Install> install(Principal buyer, ListingId id, @Nullable Price maxPrice) {
    return install(buyer, id, maxPrice, ATTEMPTS);
  }

  private Future<Install> install(
      Principal buyer, ListingId id, @Nullable Price maxPrice, int attempts) {
    return listings
        .published(id)
        .compose(
            stored -> {
              Price price = stored.listing().price();
              return maxPrice == null || price.atMost(maxPrice)
                  ? active(buyer, id).compose(before -> install(buyer, stored, before))
                  : Future.failedFuture(dearer(stored.listing(), maxPrice));
            })
        .compose(
            installed ->
                installed
                    .map(Future::succeededFuture)
                    .orElseGet(
                        () ->
                            attempts == 1
                                ? Future.failedFuture(Listings.contended(id))
                                : install(buyer, id, maxPrice, attempts - 1)));
  }

  /** Empty when the listing has changed since it was read. */
  private Future<Optional<Install>> install(Principal buyer, Stored stored, List<Channel> before) {
    Listing listing = stored.listing();
    Offer offer = new Offer(listing.id(), listing.version().toString(), listing.price());
    Optional<Channel> same =
        before.stream()
            .max(BY_AGE)
            .filter(newest -> offer.equals(newest.terms().offer()))
            .filter(newest -> newest.to().equals(listing.address()));
    Future<Optional<Channel>> wanted =
        same.isPresent()
            ? Future.succeededFuture(same)
            : channels.sales().establish(buyer, listing.address(), offer, listings.guard(stored));
    return wanted.compose(
        made -> {
          if (made.isEmpty()) {
            return Future.succeededFuture(Optional.empty());
          }
          Channel channel = made.get();
          List<Channel> others =
              before.stream().filter(other -> !other.id().equals(channel.id())).toList();
          return revoke(buyer, others, "replaced by " + channel.id())
              .map(done -> Optional.of(new Install(channel, offer)));
        });
  }

  Future<Install> uninstall(Principal buyer, ListingId id) {
    return active(buyer, id)
        .compose(
            before ->
                before.isEmpty()
                    ? Future.failedFuture(notInstalled(buyer, id))
                    : revoke(buyer, before, "uninstalled"))
        .map(ended -> ended.stream().max(BY_AGE).orElseThrow())
        .map(ended -> Objects.requireNonNull(Install.of(ended)));
  }

  Future<List<Install>> of(Principal buyer) {
    return channels
        .list(buyer, null)
        .map(
            all -> {
              Map<ListingId, Install> newest = new LinkedHashMap<>();
              for (Channel channel : all) {
                Install install = Install.of(channel);
                if (install != null && isInstall(channel, buyer)) {
                  newest.putIfAbsent(install.offer().listing(), install);
                }
              }
              return List.copyOf(newest.values());
            });
  }

  /** Ends all installs of an own listing in bounded batches; answers how many. */
  Future<Integer> endAll(Principal publisher, ListingId id) {
    return endAll(publisher, id, 0);
  }

  private Future<Integer> endAll(Principal publisher, ListingId id, int ended) {
    return channels
        .sales()
        .of(publisher, id, REVOKED_AT_ONCE)
        .compose(
            batch ->
                batch.isEmpty()
                    ? Future.succeededFuture(ended)
                    : revoke(publisher, batch, id + " was taken off the market")
                        .compose(done -> endAll(publisher, id, ended + batch.size())));
  }

  /** Ends the installs of an own listing that lead to this agent; answers how many. */
  Future<Integer> endThoseOf(Principal publisher, ListingId id, AgentId agent) {
    return channels
        .sales()
        .of(publisher, id, Integer.MAX_VALUE)
        .compose(
            all ->
                channels.revokeAll(
                    publisher,
                    all.stream()
                        .filter(channel -> channel.to().agent().equals(agent))
                        .map(Channel::id)
                        .toList(),
                    "agent %s was deleted".formatted(agent)));
  }

  private Future<List<Channel>> active(Principal buyer, ListingId id) {
    return channels
        .sales()
        .of(buyer, id, MOST_OWN)
        .map(
            all ->
                all.stream()
                    .filter(channel -> channel.status() == Status.ACTIVE)
                    .filter(channel -> isInstall(channel, buyer))
                    .toList());
  }

  private static boolean isInstall(Channel channel, Principal buyer) {
    return channel.from().tenant().equals(buyer.tenant())
        && (channel.status() == Status.ACTIVE || channel.status() == Status.REVOKED);
  }

  private Future<List<Channel>> revoke(Principal side, List<Channel> all, String reason) {
    var revoked = all.stream().map(channel -> channels.revoke(side, channel.id(), reason)).toList();
    return Future.join(revoked).map(done -> revoked.stream().map(Future::result).toList());
  }

  private static ParleyException notInstalled(Principal buyer, ListingId id) {
    return new ParleyException(
            ErrorCode.NOT_FOUND,
            "%s has not installed %s; see: parley market installed".formatted(buyer.tenant(), id))
        .with("field", "listing");
  }

  private static ParleyException dearer(Listing listing, Price maxPrice) {
    return new ParleyException(
            ErrorCode.CONFLICT,
            "%s costs %s, which is not within %s; look at it again and install it at its price"
                .formatted(listing.id(), listing.price(), maxPrice))
        .with("field", "maxPrice")
        .with("unit", listing.price().unit().wireName())
        .with("millicents", listing.price().millicents());
  }
}
