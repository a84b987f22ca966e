package dev.parley.hub.channel;

import static dev.parley.hub.channel.Town.agent;
import static dev.parley.hub.channel.Town.party;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.parley.hub.access.Principal;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChannelSecrecyTest extends ChannelFixture {
  ChannelSecrecyTest(Store store) {
    super(store);
  }

  private static final List<String> HOSTILE_IDS =
      List.of(
          "", "..", "../../etc/passwd", "ch_*", "{other}", "a:b", "a b", "ch_\u0000", "ch_é", "*");

  @Test
  void aThirdTenantCanNeitherSeeNorAcceptNorRevoke() {
    Channel proposed = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    String unknown = "ch_" + "a".repeat(16);
    for (String id : List.of(proposed.id(), unknown)) {
      assertEquals(
          told(failure(channels.get(mallory, unknown))), told(failure(channels.get(mallory, id))));
      assertEquals(
          told(failure(channels.accept(mallory, unknown))),
          told(failure(channels.accept(mallory, id))));
      assertEquals(
          told(failure(channels.revoke(mallory, unknown, null))),
          told(failure(channels.revoke(mallory, id, null))));
    }
    assertEquals(ErrorCode.NOT_FOUND, failure(channels.get(mallory, proposed.id())).code());
    assertEquals(List.of(), await(channels.list(mallory, null)));
    assertEquals(Status.PROPOSED, await(channels.get(acme, proposed.id())).status());
  }

  @Test
  void hostileIdsAreNotFoundLikeAnyOther() {
    String expected = told(failure(channels.get(acme, "ch_" + "a".repeat(16))));
    for (String id : HOSTILE_IDS) {
      assertEquals(expected, told(failure(channels.get(acme, id))), id);
      assertEquals(expected, told(failure(channels.accept(acme, id))), id);
      assertEquals(expected, told(failure(channels.revoke(acme, id, null))), id);
    }
  }

  @Test
  void hostileProposalsAreRefusedByField() {
    for (String name : List.of("a/b", "a:b", "{a}", "*", "..", "A", "é", "")) {
      ParleyException e =
          assertThrows(
              ParleyException.class,
              () ->
                  Proposal.parse(
                      Json.object()
                          .put("from", acme.tenant().value())
                          .put("to", "globex/" + name)));
      assertEquals(ErrorCode.INVALID_REQUEST, e.code(), name);
    }
    ParleyException e =
        assertThrows(
            ParleyException.class,
            () ->
                Proposal.parse(
                    Json.object()
                        .put("from", acme.tenant().value())
                        .put("to", quotes.toString())
                        .put("purpose", "clear \u001b[2J screen")));
    assertEquals("purpose", e.details().get("field"));
  }

  @Test
  void aProposalTellsNothingAboutWhomItIsTo() {
    Principal nobody = town.stranger("nobody");
    Channel real = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    Channel vain = await(channels.propose(acme, Proposal.of(party(acme), agent(nobody, "quotes"))));
    assertEquals(anonymous(real, globex), anonymous(vain, nobody));
    assertEquals(
        anonymous(await(channels.get(acme, real.id())), globex),
        anonymous(await(channels.get(acme, vain.id())), nobody));
    assertEquals(
        told(failure(channels.accept(acme, real.id())))
            .replace(real.id(), "")
            .replace(globex.tenant().value(), "x"),
        told(failure(channels.accept(acme, vain.id())))
            .replace(vain.id(), "")
            .replace(nobody.tenant().value(), "x"));
    assertEquals(0, await(store.hashSize(town.scope(nobody).key("channels"))));
    assertEquals(1, await(store.hashSize(town.scope(globex).key("channels"))));
  }

  @Test
  void aRefusalTellsNothingAboutWhomItIsTo() {
    connect(party(mallory), quotes);
    Principal nobody = town.stranger("nobody");
    String toKnown = told(refusal(party(acme), quotes));
    assertEquals(
        toKnown.replace(globex.tenant().value(), "x"),
        told(refusal(party(acme), agent(nobody, "quotes"))).replace(nobody.tenant().value(), "x"));
    assertEquals(
        toKnown.replace("/quotes", "/x"),
        told(refusal(party(acme), agent(globex, "none"))).replace("/none", "/x"));
  }

  @Test
  void aFloodOfProposalsDisplacesOnlyItself() {
    Channel honest = await(channels.propose(acme, Proposal.of(party(acme), quotes)));
    for (int round = 0; round < 11; round++) {
      int first = round * 100;
      await(
          Future.all(
              IntStream.range(first, first + 100)
                  .mapToObj(
                      i ->
                          channels.propose(
                              mallory, Proposal.of(party(mallory), agent(globex, "a" + i))))
                  .toList()));
    }
    assertEquals(Copies.MOST_WAITING, await(store.hashSize(town.scope(globex).key("channels"))));
    assertEquals(Status.ACTIVE, await(channels.accept(globex, honest.id())).status());
  }

  @Test
  void theLimitOfChannelsHoldsAlsoWhenManyProposeAtOnce() {
    Principal small = town.settle("small", Town.channels(10));
    List<Future<Channel>> proposals =
        IntStream.range(0, 40)
            .mapToObj(
                i -> channels.propose(small, Proposal.of(party(small), agent(globex, "a" + i))))
            .toList();
    await(Future.join(proposals).otherwiseEmpty());
    List<Future<Channel>> made = proposals.stream().filter(Future::succeeded).toList();
    assertEquals(10, made.size());
    ParleyException e = failure(channels.propose(small, Proposal.of(party(small), quotes)));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, e.code());
    assertEquals(10L, e.details().get("max"));
    Channel offered = await(channels.propose(globex, Proposal.of(party(small), quotes)));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, failure(channels.accept(small, offered.id())).code());
    await(channels.revoke(small, made.get(0).result().id(), null));
    assertEquals(Status.ACTIVE, await(channels.accept(small, offered.id())).status());
  }

  private static String anonymous(Channel channel, Principal peer) {
    return channel
        .toJson()
        .toString()
        .replace(channel.id(), "id")
        .replace(peer.tenant().value(), "peer");
  }

  private static String told(ParleyException e) {
    return e.code() + " " + e.text() + " " + e.details();
  }
}
