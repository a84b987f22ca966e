package dev.parley.hub.channel;

import static dev.parley.hub.channel.Town.agent;
import static dev.parley.hub.channel.Town.party;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.access.Principal;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(RedisExtension.class)
class ChannelCrashTest {
  private final Store store;
  private final Town town = new Town();
  private final Principal acme = town.settle("acme");
  private final Principal globex = town.settle("globex");
  private final AgentAddress quotes = agent(globex, "quotes");
  private final Channels channels;

  ChannelCrashTest(Store store) {
    this.store = store;
    this.channels = town.node(store).channels();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aProposalCutShortIsNeverActiveAndCanBeCompleted(int writes) {
    Future<Channel> proposing = dying(writes).propose(acme, Proposal.of(party(acme), quotes));
    await(proposing.otherwiseEmpty());
    assertEquals(writes >= 2, proposing.succeeded());
    refused();
    var mine = await(channels.list(acme, null));
    assertEquals(writes == 0 ? 0 : 1, mine.size());
    for (Channel half : mine) {
      assertEquals(Status.PROPOSED, await(channels.get(acme, half.id())).status());
      refused();
      assertEquals(Status.ACTIVE, await(channels.accept(globex, half.id())).status());
      assertEquals(half.id(), await(channels.permit(party(acme), quotes)).channel().id());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void anAcceptanceCutShortIsWholeOrNotAtAll(int writes) {
    String id = await(channels.propose(acme, Proposal.of(party(acme), quotes))).id();
    await(dying(writes).accept(globex, id).otherwiseEmpty());
    boolean signed = writes > 0;
    assertEquals(signed, copy(globex, id).isSigned());
    assertEquals(signed ? Status.ACTIVE : Status.PROPOSED, await(channels.get(acme, id)).status());
    assertEquals(
        signed ? Status.ACTIVE : Status.PROPOSED, await(channels.get(globex, id)).status());
    if (signed) {
      town.clock.advance(Duration.ofDays(31));
      assertEquals(id, await(channels.permit(party(acme), quotes)).channel().id());
    } else {
      refused();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aRevocationCutShortHoldsOnceOneSideHasIt(int writes) {
    String id = connected();
    await(dying(writes).revoke(globex, id, null).otherwiseEmpty());
    if (writes == 0) {
      assertTrue(await(channels.permit(party(acme), quotes)).current());
      return;
    }
    refused();
    assertEquals(Status.REVOKED, await(channels.get(acme, id)).status());
    assertTrue(copy(acme, id).isRevoked());
    assertTrue(copy(globex, id).isRevoked());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aSaleCutShortIsActiveOnlyWithBothSignatures(int writes) {
    Offer offer = new Offer(new ListingId(globex.tenant(), "quotes"), "1.0.0", Price.FREE);
    Guard guard = new Guard(town.scope(globex).key("listings"), "quotes", "v1");
    await(store.hashSet(guard.hash(), guard.field(), guard.expected()));
    Future<?> sale = dying(writes).sales().establish(acme, quotes, offer, guard);
    await(sale.otherwiseEmpty());
    Map<String, String> mine = await(store.hashGetAll(town.scope(acme).key("channels")));
    Map<String, String> theirs = await(store.hashGetAll(town.scope(globex).key("channels")));
    boolean both = writes > 1;
    assertEquals(writes == 0 ? 0 : 1, mine.size());
    assertEquals(both ? mine.keySet() : Map.of().keySet(), theirs.keySet());
    if (both) {
      assertTrue(await(channels.permit(party(acme), quotes)).current());
      assertEquals(
          offer.price(), await(channels.permit(party(acme), offer.listing())).channel().price());
    } else {
      refused();
      town.clock.advance(Duration.ofMinutes(1));
      await(channels.list(acme, null))
          .forEach(channel -> assertEquals(Status.EXPIRED, channel.status()));
    }
  }

  @Test
  void aSaleWithoutItsListingLeavesNothing() {
    Offer offer = new Offer(new ListingId(globex.tenant(), "quotes"), "1.0.0", Price.FREE);
    Guard guard = new Guard(town.scope(globex).key("listings"), "quotes", "v1");
    assertTrue(await(channels.sales().establish(acme, quotes, offer, guard)).isEmpty());
    assertEquals(0, await(store.hashSize(town.scope(acme).key("channels"))));
    assertEquals(0, await(store.hashSize(town.scope(globex).key("channels"))));
    refused();
  }

  @Test
  void copiesThatDifferPermitNothing() {
    String id = connected();
    Copy theirs = copy(globex, id);
    Terms terms = theirs.terms();
    Terms cheaper =
        new Terms(
            terms.id(),
            terms.from(),
            terms.to(),
            "something else",
            terms.payer(),
            terms.limits(),
            terms.createdAt(),
            terms.expiresAt(),
            terms.proposedBy(),
            null);
    Copy forged = new Copy(cheaper, theirs.signedAt(), theirs.peerSignedAt(), null, "");
    await(store.hashSet(town.scope(globex).key("channels"), id, forged.write()));
    refused();
    assertEquals(Status.REVOKED, await(channels.get(acme, id)).status());
  }

  @Test
  void aTenantThatIsNoMorePermitsNothing() {
    String id = connected();
    await(store.delete(town.scope(globex).key("channels")));
    refused();
    assertEquals(Status.REVOKED, await(channels.get(acme, id)).status());
  }

  @Test
  void aLostAnnouncementIsMadeUpForByAge() {
    String id = connected();
    Channels elsewhere = town.node(store).channels();
    Permit held = await(elsewhere.permit(party(acme), quotes));
    ParleyException e =
        assertThrows(ParleyException.class, () -> await(dying(1).revoke(globex, id, null)));
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
    assertSame(held, await(elsewhere.permit(party(acme), quotes)));
    town.clock.advance(Permits.LONGEST_AGE);
    assertEquals(
        ErrorCode.NOT_FOUND,
        assertThrows(ParleyException.class, () -> await(elsewhere.permit(party(acme), quotes)))
            .code());
  }

  @Test
  void aGapInTheAnnouncementsEndsAllPermits() {
    connected();
    DyingStore gappy = new DyingStore(store, Integer.MAX_VALUE);
    Channels node = town.node(gappy).channels();
    Permit held = await(node.permit(party(acme), quotes));
    gappy.gap();
    assertFalse(held.current());
    assertNotSame(held, await(node.permit(party(acme), quotes)));
  }

  @RepeatedTest(20)
  void aPermitLoadedDuringARevocationIsNotCurrentAfterIt() {
    String id = connected();
    Channels node = town.node(store).channels();
    Future<Permit> before = node.permit(party(acme), quotes);
    Future<Channel> revoking = node.revoke(acme, id, null);
    Future<Permit> during = node.permit(party(acme), quotes);
    await(Future.join(before, revoking, during).otherwiseEmpty());
    assertTrue(revoking.succeeded());
    for (Future<Permit> permit : List.of(before, during)) {
      assertFalse(permit.succeeded() && permit.result().current());
    }
  }

  private String connected() {
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    return await(channels.accept(globex, proposed.id())).id();
  }

  private Channels dying(int writes) {
    DyingStore dying = new DyingStore(store, writes);
    return town.node(dying).channels();
  }

  private Copy copy(Principal side, String id) {
    return await(new Copies(store, town.scope(side)).read(id)).orElseThrow();
  }

  private void refused() {
    Channels fresh = town.node(store).channels();
    ParleyException e =
        assertThrows(ParleyException.class, () -> await(fresh.permit(party(acme), quotes)));
    assertEquals(ErrorCode.NOT_FOUND, e.code());
  }
}
