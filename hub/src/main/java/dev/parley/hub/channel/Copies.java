package dev.parley.hub.channel;

import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One tenant's copies of channels, and the indexes over them. */
final class Copies {
  /** What a written copy is to its side. */
  enum Place {
    /** Signed, and counted towards the tenant's limit. */
    SIGNED,
    /** Signed for a buyer of a listing; bounded per listing, not by the tenant's limit. */
    SOLD,
    /** Proposed by the other side and not signed by this one. */
    WAITING,
    /** Revoked: kept as history. */
    ENDED,
    /** Deleted. */
    GONE
  }

  /** What became of a write. */
  enum Outcome {
    WRITTEN,
    /** The copy is no longer as it was read. */
    CHANGED,
    /** The guard does not hold. */
    GUARDED
  }

  static final int MOST_WAITING = 1_000;
  static final int MOST_LISTED = 1_000;
  static final int MOST_ON_ROUTE = 64;
  static final int MOST_INSTALLS = 100_000;
  private static final int MOST_ENDED = 1_000;
  private static final long HISTORY_MS = 90 * 86_400_000L;
  static final long NO_LIMIT = -1;

  private static final Script WRITE = Script.replicated("channel-write");
  private static final Script FIND = new Script("channel-find");
  private static final Script COUNT = new Script("channel-count");
  private static final Script COPIES = new Script("channel-copies");

  private final Store store;
  private final TenantScope scope;

  Copies(Store store, TenantScope scope) {
    this.store = store;
    this.scope = scope;
  }

  TenantId tenant() {
    return scope.tenant();
  }

  Future<Optional<Copy>> read(String id) {
    return store.hashGet(channels(), id).map(text -> Optional.ofNullable(text).map(Copy::read));
  }

  /** The copies of these ids that there are, by id. */
  Future<Map<String, Copy>> read(Collection<String> ids) {
    return store
        .run(COPIES, List.of(channels()), List.copyOf(ids))
        .map(result -> copies(result).stream())
        .map(copies -> copies.collect(Collectors.toMap(c -> c.terms().id(), Function.identity())));
  }

  /** The newest copies of any kind, at most {@value #MOST_LISTED}. */
  Future<List<Copy>> newest() {
    return find(scope.key("channels", "newest"), -1, MOST_LISTED);
  }

  /** All signed copies that have not ended, but for those of the own listings. */
  Future<List<Copy>> open(long now) {
    return find(scope.key("channels", "open"), now, Integer.MAX_VALUE);
  }

  /** The signed copies that have not ended for calls of {@code caller} to {@code to}. */
  Future<List<Copy>> onRoute(TenantId caller, AgentAddress to, long now) {
    return find(route(caller, to), now, MOST_ON_ROUTE);
  }

  /** The signed copies of a listing that have not ended: as seller all, as buyer the own. */
  Future<List<Copy>> ofListing(ListingId listing, long now, int limit) {
    return find(listing(listing), now, limit);
  }

  /** How many signed copies of a listing there are that have not ended. */
  Future<Long> countOfListing(ListingId listing, long now) {
    return store
        .run(COUNT, List.of(listing(listing)), List.of(Long.toString(now)))
        .map(result -> result.integer(0));
  }

  /** Writes a copy that is not signed, or signed already: nothing is counted. */
  Future<Outcome> write(Copy copy, Place place, long now) {
    return write(copy, place, now, NO_LIMIT, null);
  }

  /**
   * Writes a copy if it is still as it was read.
   *
   * @param limit how many signed copies the tenant may have that have not ended
   * @param guard what must hold at the same moment, or null
   * @return fails with {@code limit_exceeded} for one copy too many
   */
  Future<Outcome> write(Copy copy, Place place, long now, long limit, @Nullable Guard guard) {
    Terms terms = copy.terms();
    Offer offer = terms.offer();
    Key route = route(terms.from().tenant(), terms.to());
    Key listing = offer == null ? route : listing(offer.listing());
    boolean seller = place == Place.SOLD;
    List<Key> keys = new ArrayList<>();
    keys.add(channels());
    for (String index : List.of("newest", "open", "waiting", "ended")) {
      keys.add(scope.key("channels", index));
    }
    keys.add(offer != null && terms.to().tenant().equals(tenant()) ? listing : route);
    keys.add(listing);
    if (guard != null) {
      keys.add(guard.hash());
    }
    long end = copy.isSigned() && copy.peerSignedAt() != null ? terms.end() : terms.lapse();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                Long.toString(now),
                terms.id(),
                copy.stored(),
                copy.write(),
                Long.toString(terms.createdAt()),
                Long.toString(end),
                terms.peerOf(tenant()).value(),
                place.name().toLowerCase(Locale.ROOT),
                Long.toString(limit),
                Integer.toString(seller ? MOST_INSTALLS : MOST_ON_ROUTE),
                Integer.toString(MOST_WAITING),
                Integer.toString(MOST_ENDED),
                Long.toString(now - HISTORY_MS)));
    if (guard != null) {
      arguments.add(guard.field());
      arguments.add(guard.expected());
    }
    return store.run(WRITE, keys, arguments).map(result -> outcome(result, terms, limit, seller));
  }

  private Future<List<Copy>> find(Key index, long now, int limit) {
    return store
        .run(FIND, List.of(index, channels()), List.of(Long.toString(now), Integer.toString(limit)))
        .map(Copies::copies);
  }

  private static List<Copy> copies(ScriptResult result) {
    return IntStream.range(0, result.size()).mapToObj(i -> Copy.read(result.text(i))).toList();
  }

  private Outcome outcome(ScriptResult result, Terms terms, long limit, boolean seller) {
    return switch ((int) result.integer(0)) {
      case 1 -> Outcome.WRITTEN;
      case 0 -> Outcome.CHANGED;
      case -3 -> Outcome.GUARDED;
      case -1 ->
          throw new ParleyException(
                  ErrorCode.LIMIT_EXCEEDED,
                  "%s has %d channels proposed or active of %d; revoke one, or ask the operator for more"
                      .formatted(tenant(), result.integer(1), limit))
              .with("limit", "channels")
              .with("used", result.integer(1))
              .with("max", limit);
      default -> throw seller ? soldOut(terms) : crowded(terms, result.integer(1));
    };
  }

  private static ParleyException soldOut(Terms terms) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "the listing of %s is installed %d times, as often as one can be"
                .formatted(terms.to(), MOST_INSTALLS))
        .with("limit", "installs")
        .with("max", MOST_INSTALLS);
  }

  private static ParleyException crowded(Terms terms, long used) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "there are %d channels from %s to %s, as many as there can be; revoke one"
                .formatted(used, terms.from().tenant(), terms.to()))
        .with("limit", "channels_between")
        .with("used", used)
        .with("max", MOST_ON_ROUTE);
  }

  private Key channels() {
    return scope.key("channels");
  }

  private Key route(TenantId caller, AgentAddress to) {
    return scope.key("channels", "route", caller.value(), to.tenant().value(), to.agent().value());
  }

  private Key listing(ListingId listing) {
    return scope.key("channels", "listing", listing.publisher().value(), listing.name());
  }
}
