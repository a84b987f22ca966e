package dev.parley.hub.channel;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Channel.Revocation;
import dev.parley.hub.channel.Copies.Outcome;
import dev.parley.hub.channel.Copies.Place;
import dev.parley.hub.cluster.Announcement.ChannelChanged;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channels of all tenants. The caller has checked the principal's permission; this class sees
 * to it that only a side of a channel ever sees it, and that only the side that has not signed can
 * accept.
 *
 * <p>Every change is announced as {@link ChannelChanged} with both tenants, which is what gateways
 * push the event {@code channel.changed} from, and what the switchboard cancels calls on. May be
 * used from any thread.
 */
public final class Channels {
  private static final Logger LOG = LoggerFactory.getLogger(Channels.class);
  private static final int MAX_REASON = 200;
  private static final int ATTEMPTS = 5;
  private static final int SETTLED_PER_LIST = 50;
  private static final int REVOKED_AT_ONCE = 100;

  private final Books books;
  private final Announcements announcements;
  private final Clock clock;
  private final Settlement settlement;
  private final Permits permits;
  private final Sales sales;

  public Channels(
      Store store,
      TenantScopes scopes,
      TenantDirectory tenants,
      Announcements announcements,
      Clock clock) {
    this(store, scopes, tenants, announcements, clock, Ticker.systemTicker());
  }

  Channels(
      Store store,
      TenantScopes scopes,
      TenantDirectory tenants,
      Announcements announcements,
      Clock clock,
      Ticker ticker) {
    this.books = new Books(store, scopes, tenants);
    this.announcements = announcements;
    this.clock = clock;
    this.settlement = new Settlement(books);
    this.permits = new Permits(books, settlement, clock, ticker);
    this.sales = new Sales(books, settlement, this::announce, clock);
    announcements.listen(
        change -> {
          if (change instanceof ChannelChanged changed) {
            permits.end(new TenantId(changed.fromTenant()), new TenantId(changed.toTenant()));
          }
        },
        permits::endAll);
  }

  /**
   * Proposes a channel, in either direction: that the own side may call, or that it may be called.
   * The answer is the same whether the other tenant and the agents exist or not. The own copy is
   * written first, signed; then the other side's, which has a bound on proposals that wait: beyond
   * it the tenant with most of them loses its oldest.
   *
   * @return fails with {@code forbidden} when neither side is the principal's tenant, and {@code
   *     limit_exceeded} for one channel too many of the own tenant
   */
  public Future<Channel> propose(Principal principal, Proposal proposal) {
    TenantId own = principal.tenant();
    if (!proposal.from().tenant().equals(own) && !proposal.to().tenant().equals(own)) {
      return Future.failedFuture(
          new ParleyException(
                  ErrorCode.FORBIDDEN,
                  "one side of a channel must be your own tenant, %s".formatted(own))
              .with("field", "from"));
    }
    long now = clock.millis();
    Long seconds = proposal.expiresInS();
    Terms terms =
        new Terms(
            Terms.newId(),
            proposal.from(),
            proposal.to(),
            proposal.purpose(),
            proposal.payer(),
            proposal.limits(),
            now,
            seconds == null ? null : Long.valueOf(now + seconds * 1_000),
            principal.party(),
            null);
    Copy mine = Copy.unsigned(terms).signed(now);
    return books
        .limit(own)
        .compose(limit -> books.own(principal).write(mine, Place.SIGNED, now, limit, null))
        .compose(written -> deliver(terms, own, now))
        .compose(delivered -> announce(terms))
        .map(told -> new Agreement(mine, null).channel(now));
  }

  /**
   * Signs for the side that has not: the channel is active when this answers. Accepting an active
   * channel again answers the same, and writes it again for replicas to confirm.
   *
   * @return fails with {@code not_found}, with {@code conflict} when the other side is the one to
   *     accept or the channel has ended, and with {@code limit_exceeded}
   */
  public Future<Channel> accept(Principal principal, String id) {
    return books.limit(principal.tenant()).compose(limit -> accept(principal, id, limit, ATTEMPTS));
  }

  private Future<Channel> accept(Principal principal, String id, long limit, int attempts) {
    TenantId own = principal.tenant();
    return agreement(principal, id)
        .compose(
            agreement -> {
              long now = clock.millis();
              Status status = agreement.status(now);
              if (status == Status.ACTIVE) {
                return confirmed(principal, agreement, now)
                    .compose(
                        same -> {
                          if (!same) {
                            return attempts == 1
                                ? Future.failedFuture(contended(id))
                                : accept(principal, id, limit, attempts - 1);
                          }
                          return settlement.settle(agreement, own, now).map(agreement.channel(now));
                        });
              }
              Copy theirs = agreement.peer();
              Long proposedAt = theirs == null ? null : theirs.signedAt();
              if (status != Status.PROPOSED || agreement.own().isSigned() || proposedAt == null) {
                return Future.failedFuture(notAcceptable(agreement, own, status));
              }
              Copy signed = agreement.own().signed(now).peerSigned(proposedAt);
              return books
                  .own(principal)
                  .write(signed, Place.SIGNED, now, limit, null)
                  .compose(
                      outcome -> {
                        if (outcome != Outcome.WRITTEN) {
                          return attempts == 1
                              ? Future.failedFuture(contended(id))
                              : accept(principal, id, limit, attempts - 1);
                        }
                        Agreement done = new Agreement(signed.written(), theirs);
                        return settlement
                            .settle(done, own, now)
                            .compose(settled -> announce(done.terms()))
                            .map(told -> done.channel(now));
                      });
            });
  }

  private Future<Boolean> confirmed(Principal principal, Agreement agreement, long now) {
    Copy mine = agreement.own();
    return books
        .own(principal)
        .write(mine, Settlement.placeOf(mine, principal.tenant()), now)
        .map(outcome -> outcome == Outcome.WRITTEN);
  }

  /**
   * Ends a channel, or declines or withdraws a proposal. The own copy is revoked first and this
   * alone ends it; permits on this node are over before this answers, on other nodes when the
   * announcement arrives. Revoking a channel that has ended answers with it as it is.
   *
   * @param reason for people, up to 200 characters on one line, or null
   * @return fails with {@code not_found}; with {@code unavailable} when it may not have reached all
   *     nodes, and revoking again makes sure
   */
  public Future<Channel> revoke(Principal principal, String id, @Nullable String reason) {
    if (reason != null) {
      try {
        Line.require("reason", reason, MAX_REASON);
      } catch (ParleyException e) {
        return Future.failedFuture(e);
      }
    }
    return revoke(principal, id, reason, ATTEMPTS);
  }

  private Future<Channel> revoke(
      Principal principal, String id, @Nullable String reason, int attempts) {
    return books
        .read(principal, id)
        .compose(
            mine -> {
              long now = clock.millis();
              if (now >= mine.terms().end()) {
                return ended(principal, mine);
              }
              Revocation before = mine.revocation();
              if (before != null) {
                return books
                    .own(principal)
                    .write(mine, Place.ENDED, before.at())
                    .compose(confirmed -> ended(principal, mine));
              }
              Copy revoked = mine.revoked(new Revocation(now, principal.party(), reason));
              return books
                  .own(principal)
                  .write(revoked, Place.ENDED, now)
                  .compose(
                      outcome -> {
                        if (outcome == Outcome.WRITTEN) {
                          return ended(principal, revoked.written());
                        }
                        return attempts == 1
                            ? Future.failedFuture(contended(id))
                            : revoke(principal, id, reason, attempts - 1);
                      });
            });
  }

  /**
   * Ends all channels that name an own agent, on either side; answers how many. Those of the whole
   * tenant go on. Of the newest channels those that this side has revoked before are revoked once
   * more: the first time may have failed for want of replicas.
   */
  public Future<Integer> revokeOf(Principal principal, AgentAddress agent, String reason) {
    Copies own = books.own(principal);
    return own.open(clock.millis())
        .compose(
            open ->
                own.newest()
                    .compose(
                        newest -> {
                          List<String> lasting = naming(agent, open);
                          List<String> all = new ArrayList<>(lasting);
                          all.addAll(
                              naming(
                                  agent,
                                  newest.stream()
                                      .filter(copy -> isRevokedBy(principal.tenant(), copy))
                                      .toList()));
                          return revokeAll(principal, all, reason).map(lasting.size());
                        }));
  }

  private static List<String> naming(AgentAddress agent, List<Copy> copies) {
    Party party = Party.of(agent);
    return copies.stream()
        .map(Copy::terms)
        .filter(terms -> terms.to().equals(agent) || terms.from().equals(party))
        .map(Terms::id)
        .toList();
  }

  private static boolean isRevokedBy(TenantId tenant, Copy copy) {
    Revocation revocation = copy.revocation();
    return revocation != null && revocation.by().tenant().equals(tenant);
  }

  /** Ends these channels, a bounded number at a time; answers how many. */
  public Future<Integer> revokeAll(Principal principal, List<String> ids, String reason) {
    List<String> batch = ids.subList(0, Math.min(ids.size(), REVOKED_AT_ONCE));
    return Future.all(batch.stream().map(id -> revoke(principal, id, reason)).toList())
        .compose(
            done ->
                batch.size() == ids.size()
                    ? Future.succeededFuture(batch.size())
                    : revokeAll(principal, ids.subList(batch.size(), ids.size()), reason)
                        .map(rest -> rest + batch.size()));
  }

  private Future<Channel> ended(Principal principal, Copy mine) {
    Future<Void> told = announcements.announce(change(mine.terms()));
    TenantId own = principal.tenant();
    return books
        .beside(mine, own)
        .compose(
            agreement ->
                settlement
                    .settle(agreement, own, clock.millis())
                    .compose(settled -> told)
                    .map(v -> agreement.channel(clock.millis())));
  }

  /**
   * The channels of the principal's tenant, newest first, at most 1000 of all states.
   *
   * @param status only those in this state, or null for all
   */
  public Future<List<Channel>> list(Principal principal, @Nullable Status status) {
    TenantId own = principal.tenant();
    return books
        .own(principal)
        .newest()
        .compose(mine -> books.beside(mine, own))
        .map(
            agreements -> {
              long now = clock.millis();
              agreements.stream()
                  .filter(agreement -> isUnsettled(agreement, now))
                  .limit(SETTLED_PER_LIST)
                  .forEach(agreement -> settlement.settle(agreement, own, now));
              return agreements.stream()
                  .map(agreement -> agreement.channel(now))
                  .filter(channel -> status == null || channel.status() == status)
                  .toList();
            });
  }

  /**
   * One channel of the principal's tenant. A proposal that a crash kept from the other side is
   * delivered now.
   *
   * @return fails with {@code not_found}, the same for an unknown id and for others' channels
   */
  public Future<Channel> get(Principal principal, String id) {
    TenantId own = principal.tenant();
    return agreement(principal, id)
        .compose(
            agreement -> {
              long now = clock.millis();
              boolean undelivered =
                  agreement.peer() == null
                      && agreement.terms().offer() == null
                      && agreement.status(now) == Status.PROPOSED;
              Future<Void> repaired =
                  undelivered
                      ? deliver(agreement.terms(), own, now)
                      : settlement.settle(agreement, own, now);
              return repaired.map(v -> agreement.channel(now));
            });
  }

  /**
   * The permit for calls of {@code from} to an agent of another tenant: the hot path. Of several
   * channels the one for the calling agent counts before one for its whole tenant, then the newest.
   * The permit may be shared and is to be asked for {@link Permit#current()}.
   *
   * @param from the caller; its tenant is not that of {@code to}
   * @return succeeded at once when cached; fails with {@code not_found} and a text that does not
   *     depend on whether the agent exists
   */
  public Future<Permit> permit(Party from, AgentAddress to) {
    if (from.tenant().equals(to.tenant())) {
      throw new IllegalArgumentException(from + " needs no permit to call " + to);
    }
    return permits.get(from, to);
  }

  /**
   * The permit for calls of {@code from} to a listing that its tenant has installed, as {@link
   * #permit(Party, AgentAddress)}.
   */
  public Future<Permit> permit(Party from, ListingId listing) {
    return permits.get(from, listing);
  }

  /** The channels that come from installing listings. */
  public Sales sales() {
    return sales;
  }

  private Future<Void> deliver(Terms terms, TenantId own, long now) {
    TenantId peer = terms.peerOf(own);
    return books
        .find(peer)
        .compose(
            found ->
                found.isEmpty()
                    ? Future.succeededFuture()
                    : books.of(peer).write(Copy.unsigned(terms), Place.WAITING, now).mapEmpty());
  }

  private Future<Agreement> agreement(Principal principal, String id) {
    return books.read(principal, id).compose(mine -> books.beside(mine, principal.tenant()));
  }

  private static boolean isUnsettled(Agreement agreement, long now) {
    Copy theirs = agreement.peer();
    return switch (agreement.status(now)) {
      case ACTIVE -> agreement.own().peerSignedAt() == null;
      case REVOKED -> !agreement.own().isRevoked() || (theirs != null && !theirs.isRevoked());
      case PROPOSED, EXPIRED -> false;
    };
  }

  private static ChannelChanged change(Terms terms) {
    return new ChannelChanged(
        terms.id(), terms.from().tenant().value(), terms.to().tenant().value());
  }

  private Future<Void> announce(Terms terms) {
    return announcements
        .announce(change(terms))
        .onFailure(e -> LOG.warn("channel {} changed, not announced: {}", terms.id(), e, e))
        .otherwiseEmpty();
  }

  private static ParleyException notAcceptable(Agreement agreement, TenantId own, Status status) {
    Terms terms = agreement.terms();
    String text =
        status == Status.PROPOSED
            ? "channel %s waits for %s to accept it".formatted(terms.id(), terms.peerOf(own))
            : "channel %s is %s; propose a new one".formatted(terms.id(), status.wireName());
    return new ParleyException(ErrorCode.CONFLICT, text).with("status", status.wireName());
  }

  private static ParleyException contended(String id) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE, "channel %s keeps changing; try again".formatted(id))
        .retryAfter(100);
  }
}
