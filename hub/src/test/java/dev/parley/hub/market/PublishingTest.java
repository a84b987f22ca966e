package dev.parley.hub.market;

import static dev.parley.hub.channel.Town.party;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.DyingStore;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublishingTest extends MarketFixture {
  PublishingTest(Store store) {
    super(store);
  }

  @Test
  void aVersionMustGrow() {
    assertEquals("1.0.0", publish(globex, "quotes", PENNY, null));
    assertEquals("1.1.0", publish(globex, "quotes", null, null));
    for (String version : List.of("1.1.0", "1.0.9", "0.9.0")) {
      ParleyException e = failure(market.publish(globex, publication("quotes", PENNY, version)));
      assertEquals(ErrorCode.CONFLICT, e.code(), version);
      assertEquals("1.1.0", e.details().get("current"));
    }
    assertEquals("1.10.0", publish(globex, "quotes", null, "1.10.0"));
    assertEquals(PENNY, await(market.get(quotes)).listing().price());
    await(market.unpublish(globex, quotes));
    assertEquals(
        ErrorCode.CONFLICT,
        failure(market.publish(globex, publication("quotes", PENNY, "1.2.0"))).code());
    assertEquals("1.11.0", publish(globex, "quotes", null, null));
  }

  @Test
  void versionsThatAreNoneAreRefused() {
    for (String version : List.of("1", "1.0", "01.0.0", "1.0.0-rc1", "1.0.1234567890", "a.b.c")) {
      assertThrows(ParleyException.class, () -> Version.parse(version), version);
    }
    assertThrows(ParleyException.class, () -> Version.parse("1.999999999.0").nextMinor());
  }

  @Test
  void unpublishingEndsAllInstalls() {
    publish(globex, "quotes", PENNY, null);
    List<Principal> buyers =
        IntStream.range(0, 120).mapToObj(i -> town.settle("buyer" + i)).toList();
    await(Future.all(buyers.stream().map(b -> market.install(b, quotes, null)).toList()));
    MarketRoute held = await(market.route(party(buyers.get(0)), quotes));
    Market.Withdrawal withdrawal = await(market.unpublish(globex, quotes));
    assertEquals(120, withdrawal.installsEnded());
    assertFalse(held.permit().current());
    for (Principal buyer : buyers) {
      assertEquals(ErrorCode.NOT_FOUND, failure(market.route(party(buyer), quotes)).code());
    }
    Install ended = await(market.installed(buyers.get(7))).get(0);
    assertEquals(town.clock.millis(), ended.endedAt());
    assertEquals(ErrorCode.NOT_FOUND, failure(market.get(quotes)).code());
    assertEquals(ErrorCode.NOT_FOUND, failure(market.install(acme, quotes, null)).code());
    assertEquals(ErrorCode.NOT_FOUND, failure(market.unpublish(globex, quotes)).code());
  }

  @Test
  void unpublishingReachesOtherNodesWithinASecond() {
    publish(globex, "quotes", PENNY, null);
    await(market.install(acme, quotes, null));
    Market elsewhere = market(town.node(store), store);
    MarketRoute held = await(elsewhere.route(party(acme), quotes));
    await(market.unpublish(globex, quotes));
    Awaitility.await().atMost(Duration.ofSeconds(1)).until(() -> !held.permit().current());
    assertEquals(ErrorCode.NOT_FOUND, failure(elsewhere.route(party(acme), quotes)).code());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void unpublishingCutShortCanBeFinished(int writes) {
    publish(globex, "quotes", PENNY, null);
    await(market.install(acme, quotes, null));
    await(market.install(initech, quotes, null));
    DyingStore dying = new DyingStore(store, writes);
    await(market(town.node(dying), dying).unpublish(globex, quotes).otherwiseEmpty());
    await(market.unpublish(globex, quotes).otherwiseEmpty());
    Market fresh = market(town.node(store), store);
    for (Principal buyer : List.of(acme, initech)) {
      assertEquals(ErrorCode.NOT_FOUND, failure(fresh.route(party(buyer), quotes)).code());
    }
    assertEquals(ErrorCode.NOT_FOUND, failure(fresh.install(acme, quotes, null)).code());
  }

  @Test
  void nobodyUnpublishesForOthers() {
    publish(globex, "quotes", PENNY, null);
    assertEquals(ErrorCode.NOT_FOUND, failure(market.unpublish(acme, quotes)).code());
    assertTrue(await(market.get(quotes)).listing().isPublished());
  }

  @Test
  void onlyAnAgentThatExistsIsPublished() {
    ParleyException e =
        failure(market.publish(globex, Publication.of("quotes", new AgentId("nobody"))));
    assertEquals(ErrorCode.NOT_FOUND, e.code());
    assertEquals(ErrorCode.NOT_FOUND, failure(market.get(quotes)).code());
  }

  @Test
  void theLimitOfListingsHoldsAlsoWhenManyArePublishedAtOnce() {
    Principal small = town.settle("small", listings(3));
    List<Future<Listed>> published =
        IntStream.range(0, 10)
            .mapToObj(i -> market.publish(small, publication("name" + i, PENNY, null)))
            .toList();
    await(Future.join(published).otherwiseEmpty());
    List<Future<Listed>> made = published.stream().filter(Future::succeeded).toList();
    assertEquals(3, made.size());
    ListingId first = made.get(0).result().listing().id();
    await(market.publish(small, publication(first.name(), NICKEL, null)));
    await(market.unpublish(small, first));
    publish(small, "another", PENNY, null);
  }

  @Test
  void aPublicationCutShortIsFoundOrNotThereAtAll() {
    String word = "xerus" + globex.tenant().value().replace("-", "");
    DyingStore dying = new DyingStore(store, 1);
    dying.dieAtNext("listing-mark", 2);
    Future<Listed> publishing =
        market(town.node(dying), dying).publish(globex, titled("quotes", word));
    await(publishing.otherwiseEmpty());
    assertTrue(publishing.failed());
    assertEquals(quotes, await(market.get(quotes)).listing().id());
    assertEquals(List.of(), found(word));
    town.clock.advance(Duration.ofMillis(Catalogue.GIVEN_UP_MS + 1));
    assertEquals(List.of(quotes), found(word));
  }

  @Test
  void hostileNamesAreRefused() {
    for (String name : List.of("a/b", "a:b", "{a}", "*", "..", "A", "é", "", "a".repeat(41))) {
      assertThrows(ParleyException.class, () -> new ListingId(globex.tenant(), name), name);
      ParleyException e =
          failure(market.publish(globex, Publication.of(name, new AgentId("seller"))));
      assertEquals(ErrorCode.INVALID_REQUEST, e.code(), name);
      assertThrows(
          ParleyException.class, () -> Target.parse("market:" + globex.tenant() + "/" + name));
    }
    assertThrows(ParleyException.class, () -> titled("quotes", "clear \u001b[2J screen"));
    assertThrows(
        ParleyException.class,
        () ->
            new Publication(
                "quotes", new AgentId("seller"), null, "x".repeat(2_001), null, null, null, null));
  }

  @Test
  void aListingIsReadAsItWasPublished() {
    ObjectNode params =
        Json.parseObject(
            "params",
            """
            {"name": "quotes", "agent": "seller", "title": "Quotes \\"now\\"",
             "description": "line one\\nline two", "version": "3.0.1", "visibility": "public",
             "skills": [{"name": "quote", "description": "gives one"}, {"name": "haggle"}],
             "price": {"unit": "kilotoken", "millicents": 25}}
            """);
    await(market.publish(globex, Publication.parse(params)));
    ObjectNode json = Json.parseObject("listing", await(market.get(quotes)).toJson().toString());
    for (String field :
        List.of(
            "name", "agent", "title", "description", "version", "visibility", "skills", "price")) {
      assertEquals(params.get(field), json.get(field), field);
    }
    assertEquals(quotes.toString(), json.get("id").asText());
    assertEquals(0, json.get("installs").asInt());
  }
}
