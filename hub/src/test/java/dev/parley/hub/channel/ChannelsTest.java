package dev.parley.hub.channel;

import static dev.parley.hub.channel.Town.agent;
import static dev.parley.hub.channel.Town.party;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.access.Principal;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class ChannelsTest extends ChannelFixture {
  ChannelsTest(Store store) {
    super(store);
  }

  @Test
  void withoutAChannelNothingPasses() {
    assertEquals(ErrorCode.NOT_FOUND, refusal(party(acme), quotes).code());
  }

  @Test
  void aProposalPermitsNothingUntilTheOtherSideHasSigned() {
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    assertEquals(Status.PROPOSED, proposed.status());
    refusal(party(acme), quotes);
    Channel accepted = await(channels.accept(globex, proposed.id()));
    assertEquals(Status.ACTIVE, accepted.status());
    Permit permit = await(channels.permit(party(acme), quotes));
    assertEquals(proposed.id(), permit.channel().id());
    assertTrue(permit.current());
  }

  @Test
  void theCalledSideMayProposeToo() {
    Channel proposed = await(channels.propose(globex, Proposal.of(party(acme), quotes)));
    refusal(party(acme), quotes);
    await(channels.accept(acme, proposed.id()));
    assertEquals(proposed.id(), permitted(party(acme), quotes));
  }

  @Test
  void aChannelIsOneWay() {
    connect(party(acme), quotes);
    refusal(party(globex), agent(acme, "desk"));
    refusal(party(acme), agent(globex, "other"));
  }

  @Test
  void bothSidesSeeTheSameTerms() {
    Proposal proposal =
        new Proposal(
            Party.of(agent(acme, "desk")),
            quotes,
            "prices for the spring catalogue",
            Payer.TO,
            new ChannelLimits(60L, 10_000L),
            3_600L);
    Channel proposed = await(channels.propose(acme, proposal));
    await(channels.accept(globex, proposed.id()));
    Channel mine = await(channels.get(acme, proposed.id()));
    assertEquals(mine, await(channels.get(globex, proposed.id())));
    assertEquals(
        Json.parse(
            "expected",
            """
            {"id": "%s", "from": "%s", "to": "%s", "status": "active", "payer": "to",
             "createdAt": %d, "proposedBy": "%s", "purpose": "prices for the spring catalogue",
             "expiresAt": %d, "acceptedAt": %d,
             "limits": {"callsPerMinute": 60, "tokensPerDay": 10000}}
            """
                .formatted(
                    proposed.id(),
                    agent(acme, "desk"),
                    quotes,
                    town.clock.millis(),
                    acme.tenant(),
                    town.clock.millis() + 3_600_000,
                    town.clock.millis())),
        Json.parse("actual", mine.toJson().toString()));
  }

  @Test
  void theProposerCannotAcceptForTheOtherSide() {
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    assertEquals(ErrorCode.CONFLICT, failure(channels.accept(acme, proposed.id())).code());
    refusal(party(acme), quotes);
  }

  @Test
  void nobodyProposesForOthers() {
    Proposal proposal = Proposal.of(party(acme), quotes);
    assertEquals(ErrorCode.FORBIDDEN, failure(channels.propose(mallory, proposal)).code());
    assertEquals(List.of(), await(channels.list(acme, null)));
  }

  @Test
  void aTenantNeedsNoChannelToItself() {
    ParleyException e =
        assertThrows(ParleyException.class, () -> Proposal.of(party(acme), agent(acme, "desk")));
    assertEquals(ErrorCode.INVALID_REQUEST, e.code());
    assertEquals("to", e.details().get("field"));
  }

  @Test
  void revokingStopsTheNextPermitAtOnce() {
    String id = connect(party(acme), quotes);
    Permit held = await(channels.permit(party(acme), quotes));
    assertSame(held, channels.permit(party(acme), quotes).result());
    Future<Channel> revoking = channels.revoke(globex, id, "no more");
    assertEquals(Status.REVOKED, await(revoking).status());
    assertFalse(held.current());
    refusal(party(acme), quotes);
    Channel seen = await(channels.get(acme, id));
    assertEquals(Status.REVOKED, seen.status());
    assertEquals("no more", seen.toJson().get("reason").asText());
    assertEquals(globex.tenant().value(), seen.toJson().get("revokedBy").asText());
  }

  @Test
  void theCallingSideMayRevokeToo() {
    String id = connect(party(acme), quotes);
    await(channels.revoke(acme, id, null));
    refusal(party(acme), quotes);
    assertEquals(Status.REVOKED, await(channels.get(globex, id)).status());
  }

  @Test
  void revokingReachesOtherNodesWithinASecond() {
    String id = connect(party(acme), quotes);
    Channels elsewhere = town.node(store).channels();
    Permit held = await(elsewhere.permit(party(acme), quotes));
    assertTrue(held.current());
    await(channels.revoke(globex, id, null));
    Awaitility.await().atMost(Duration.ofSeconds(1)).until(() -> !held.current());
    assertEquals(ErrorCode.NOT_FOUND, failure(elsewhere.permit(party(acme), quotes)).code());
  }

  @Test
  void aRevokedChannelStaysRevoked() {
    String id = connect(party(acme), quotes);
    Channel revoked = await(channels.revoke(acme, id, "first"));
    assertEquals(revoked, await(channels.revoke(acme, id, "second")));
    assertEquals(revoked, await(channels.revoke(globex, id, "third")));
    assertEquals(ErrorCode.CONFLICT, failure(channels.accept(globex, id)).code());
    assertEquals(ErrorCode.CONFLICT, failure(channels.accept(acme, id)).code());
  }

  @Test
  void anExpiredChannelPermitsNothing() {
    Channel proposed =
        await(
            channels.propose(
                acme,
                new Proposal(party(acme), quotes, null, Payer.FROM, ChannelLimits.NONE, 60L)));
    await(channels.accept(globex, proposed.id()));
    Permit held = await(channels.permit(party(acme), quotes));
    town.clock.advance(Duration.ofMillis(59_999));
    assertTrue(held.current());
    town.clock.advance(Duration.ofMillis(1));
    assertFalse(held.current());
    refusal(party(acme), quotes);
    assertEquals(Status.EXPIRED, await(channels.get(acme, proposed.id())).status());
    assertEquals(Status.EXPIRED, await(channels.get(globex, proposed.id())).status());
  }

  @Test
  void aProposalNobodyAcceptsLapsesAfterAMonth() {
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    town.clock.advance(Duration.ofDays(30));
    assertEquals(ErrorCode.CONFLICT, failure(channels.accept(globex, proposed.id())).code());
    assertEquals(Status.EXPIRED, await(channels.get(acme, proposed.id())).status());
    String kept = connect(party(acme), quotes);
    town.clock.advance(Duration.ofDays(3_000));
    assertEquals(kept, permitted(party(acme), quotes));
  }

  @Test
  void anOwnChannelOfTheAgentCountsBeforeThatOfItsTenantThenTheNewest() {
    AgentAddress desk = agent(acme, "desk");
    String own = connect(Party.of(desk), quotes);
    town.clock.advance(Duration.ofSeconds(1));
    String older = connect(party(acme), quotes);
    town.clock.advance(Duration.ofSeconds(1));
    String newer = connect(party(acme), quotes);
    assertEquals(own, permitted(Party.of(desk), quotes));
    assertEquals(newer, permitted(Party.of(agent(acme, "other")), quotes));
    assertEquals(newer, permitted(party(acme), quotes));
    await(channels.revoke(acme, newer, null));
    assertEquals(older, permitted(party(acme), quotes));
  }

  @Test
  void aChannelOfOneAgentIsOfNoUseToAnother() {
    connect(Party.of(agent(acme, "desk")), quotes);
    refusal(Party.of(agent(acme, "other")), quotes);
    refusal(party(acme), quotes);
  }

  @Test
  void expiredChannelsDoNotCountTowardsTheLimit() {
    Principal small = town.settle("small", Town.channels(1));
    Proposal brief = new Proposal(party(small), quotes, null, Payer.FROM, ChannelLimits.NONE, 1L);
    await(channels.propose(small, brief));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, failure(channels.propose(small, brief)).code());
    town.clock.advance(Duration.ofSeconds(1));
    await(channels.propose(small, brief));
  }

  @Test
  void withdrawnProposalsLeaveNothingBehind() {
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    await(channels.revoke(acme, proposed.id(), null));
    assertEquals(ErrorCode.NOT_FOUND, failure(channels.accept(globex, proposed.id())).code());
    assertEquals(0, await(store.hashSize(town.scope(globex).key("channels"))));
    assertEquals(Status.REVOKED, await(channels.get(acme, proposed.id())).status());
  }

  @Test
  void aProposalCanBeDeclined() {
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    await(channels.revoke(globex, proposed.id(), "not now"));
    assertEquals(Status.REVOKED, await(channels.get(acme, proposed.id())).status());
    assertEquals(ErrorCode.CONFLICT, failure(channels.accept(globex, proposed.id())).code());
    refusal(party(acme), quotes);
  }

  @Test
  void listsAreNewestFirstAndByStatus() {
    String active = connect(party(acme), quotes);
    town.clock.advance(Duration.ofSeconds(1));
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    town.clock.advance(Duration.ofSeconds(1));
    String revoked = connect(party(acme), agent(mallory, "help"));
    await(channels.revoke(mallory, revoked, null));
    assertEquals(List.of(revoked, proposed.id(), active), ids(channels.list(acme, null)));
    assertEquals(List.of(active), ids(channels.list(acme, Status.ACTIVE)));
    assertEquals(List.of(proposed.id()), ids(channels.list(globex, Status.PROPOSED)));
    assertEquals(List.of(revoked), ids(channels.list(acme, Status.REVOKED)));
    assertEquals(List.of(revoked), ids(channels.list(mallory, null)));
  }

  @Test
  void historyIsBounded() {
    for (int i = 0; i < 1_100; i++) {
      Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
      await(channels.revoke(acme, proposed.id(), null));
    }
    long kept = await(store.hashSize(town.scope(acme).key("channels")));
    assertTrue(kept >= 1_000 && kept <= 1_001, "kept " + kept);
  }

  private String permitted(Party from, AgentAddress to) {
    return await(channels.permit(from, to)).channel().id();
  }

  private static List<String> ids(Future<List<Channel>> channels) {
    return await(channels).stream().map(Channel::id).toList();
  }
}
