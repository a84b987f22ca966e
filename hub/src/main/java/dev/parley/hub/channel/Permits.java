package dev.parley.hub.channel;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.parley.hub.channel.Permit.Epoch;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Permits by caller and target, cached so that a call between tenants costs no round trip.
 *
 * <p>What keeps the cache honest: each permit belongs to the {@link Epoch} of its two tenants,
 * taken before Redis is read. A change between the tenants ends the epoch, and with it every permit
 * that was read before the change, also one that is still being loaded. Epochs are held weakly: one
 * lives as long as a permit of it does, so ending it reaches all of them in one step. An
 * announcement lost in a crash is made up for by {@link #LONGEST_AGE}.
 *
 * <p>Refusals are not cached: they are bounded by the caller's own rate limit, and caching them
 * would let a caller push others' permits out.
 */
final class Permits {
  static final Duration LONGEST_AGE = Duration.ofSeconds(30);
  static final int MOST = 100_000;
  private static final int ATTEMPTS = 5;

  private static final Comparator<Terms> MOST_SPECIFIC_THEN_NEWEST =
      Comparator.<Terms, Boolean>comparing(terms -> terms.from().agent() != null)
          .thenComparing(Terms::createdAt)
          .thenComparing(Terms::id);

  private record Route(Party from, Target to) {}

  private record Pair(TenantId from, TenantId to) {}

  private final Books books;
  private final Settlement settlement;
  private final Clock clock;
  private final Cache<Route, Future<Permit>> permits;
  private final Cache<Pair, Epoch> epochs = Caffeine.newBuilder().weakValues().build();

  Permits(Books books, Settlement settlement, Clock clock, Ticker ticker) {
    this.books = books;
    this.settlement = settlement;
    this.clock = clock;
    this.permits =
        Caffeine.newBuilder()
            .maximumSize(MOST)
            .expireAfterWrite(LONGEST_AGE)
            .ticker(ticker)
            .build();
  }

  Future<Permit> get(Party from, Target to) {
    Route route = new Route(from, to);
    Future<Permit> cached = permits.getIfPresent(route);
    return cached != null && cached.result().current() ? cached : load(route, ATTEMPTS);
  }

  /** Ends all permits between two tenants, in one direction. */
  void end(TenantId from, TenantId to) {
    Epoch epoch = epochs.asMap().remove(new Pair(from, to));
    if (epoch != null) {
      epoch.end();
    }
  }

  void endAll() {
    epochs.asMap().keySet().forEach(pair -> end(pair.from, pair.to));
    permits.invalidateAll();
  }

  private Future<Permit> load(Route route, int attempts) {
    if (attempts == 0) {
      return Future.failedFuture(
          new ParleyException(
                  ErrorCode.UNAVAILABLE,
                  "the channels from %s to %s keep changing; try again"
                      .formatted(route.from, route.to))
              .retryAfter(100));
    }
    long now = clock.millis();
    TenantId caller = route.from.tenant();
    TenantId called = tenantOf(route.to);
    Epoch epoch = epochs.get(new Pair(caller, called), pair -> new Epoch());
    return candidates(route, now)
        .compose(candidates -> best(candidates, called, now))
        .compose(
            best -> {
              if (best.isEmpty()) {
                return Future.failedFuture(refusal(route));
              }
              Agreement agreement = best.get();
              Permit permit = new Permit(agreement.channel(now), epoch, clock);
              if (!permit.current()) {
                return load(route, attempts - 1);
              }
              if (agreement.own().peerSignedAt() == null) {
                settlement.settle(agreement, caller, now);
              }
              Future<Permit> answer = Future.succeededFuture(permit);
              permits.put(route, answer);
              return answer;
            });
  }

  private Future<List<Copy>> candidates(Route route, long now) {
    Copies own = books.of(route.from.tenant());
    Future<List<Copy>> signed;
    if (route.to instanceof AgentAddress agent) {
      signed = own.onRoute(route.from.tenant(), agent, now);
    } else if (route.to instanceof ListingId listing) {
      signed = own.ofListing(listing, now, Copies.MOST_ON_ROUTE);
    } else {
      throw new IllegalArgumentException("no such target: " + route.to);
    }
    return signed.map(
        all -> all.stream().filter(copy -> copy.terms().from().covers(route.from)).toList());
  }

  private Future<Optional<Agreement>> best(List<Copy> candidates, TenantId called, long now) {
    if (candidates.isEmpty()) {
      return Future.succeededFuture(Optional.empty());
    }
    return books
        .of(called)
        .read(candidates.stream().map(copy -> copy.terms().id()).toList())
        .map(
            theirs ->
                candidates.stream()
                    .map(copy -> new Agreement(copy, theirs.get(copy.terms().id())))
                    .filter(agreement -> agreement.status(now) == Status.ACTIVE)
                    .max(Comparator.comparing(Agreement::terms, MOST_SPECIFIC_THEN_NEWEST)));
  }

  private static TenantId tenantOf(Target target) {
    if (target instanceof ListingId listing) {
      return listing.publisher();
    }
    return ((AgentAddress) target).tenant();
  }

  private static ParleyException refusal(Route route) {
    String text =
        route.to instanceof ListingId
            ? "%s not found, or %s has not installed it; install it with: parley market install"
            : "agent %s not found, or no channel lets %s call it;"
                + " propose one with: parley channel propose";
    return new ParleyException(ErrorCode.NOT_FOUND, text.formatted(route.to, route.from))
        .with("to", route.to.toString())
        .with("from", route.from.toString());
  }
}
