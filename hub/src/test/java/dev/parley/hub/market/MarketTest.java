package dev.parley.hub.market;

import static dev.parley.hub.channel.Town.agent;
import static dev.parley.hub.channel.Town.party;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.DyingStore;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.channel.Price;
import dev.parley.hub.channel.Price.Unit;
import dev.parley.hub.channel.Proposal;
import dev.parley.hub.channel.Status;
import dev.parley.hub.channel.Town;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(RedisExtension.class)
class MarketTest {
  private static final Price PENNY = new Price(Unit.CALL, 1_000);
  private static final Price NICKEL = new Price(Unit.CALL, 5_000);

  private final Store store;
  private final Town town = new Town();
  private final Principal globex = town.settle("globex");
  private final Principal acme = town.settle("acme");
  private final Principal initech = town.settle("initech");
  private final ListingId quotes = new ListingId(globex.tenant(), "quotes");
  private final Town.Node node;
  private final Market market;

  MarketTest(Store store) {
    this.store = store;
    this.node = town.node(store);
    this.market = market(node, store);
  }

  @Test
  void aListingIsPublishedFoundInstalledCalledAndUninstalled() {
    publish(globex, "quotes", PENNY, null);
    assertEquals(List.of(quotes), found("globex quotes " + globex.tenant()));
    assertEquals(ErrorCode.NOT_FOUND, failure(market.route(party(acme), quotes)).code());
    Install install = await(market.install(acme, quotes, PENNY));
    MarketRoute route = await(market.route(party(acme), quotes));
    assertEquals(agent(globex, "seller"), route.to());
    assertEquals(PENNY, route.price());
    assertEquals(install.channelId(), route.permit().channel().id());
    assertEquals(1, await(market.get(quotes)).installs());
    Install ended = await(market.uninstall(acme, quotes));
    assertEquals(town.clock.millis(), ended.endedAt());
    assertFalse(route.permit().current());
    assertEquals(ErrorCode.NOT_FOUND, failure(market.route(party(acme), quotes)).code());
    assertEquals(0, await(market.get(quotes)).installs());
    assertEquals(ErrorCode.NOT_FOUND, failure(market.uninstall(acme, quotes)).code());
  }

  @Test
  void thePriceHoldsHoweverTheAgentIsAddressed() {
    publish(globex, "quotes", PENNY, null);
    await(market.install(acme, quotes, null));
    Permit plain = await(node.channels().permit(party(acme), agent(globex, "seller")));
    assertEquals(PENNY, plain.channel().price());
    assertEquals(quotes, plain.channel().listing());
    assertEquals(plain.channel(), await(market.route(party(acme), quotes)).permit().channel());
  }

  @Test
  void anAgentOfTheBuyerUsesItsTenantsInstall() {
    publish(globex, "quotes", PENNY, null);
    await(market.install(acme, quotes, null));
    var desk = Party.of(agent(acme, "desk"));
    assertEquals(PENNY, await(market.route(desk, quotes)).price());
    assertEquals(ErrorCode.NOT_FOUND, failure(market.route(party(initech), quotes)).code());
  }

  @Test
  void whatWasInstalledAgreesWithTheContract() {
    publish(globex, "quotes", PENNY, "2.1.0");
    Install install = await(market.install(acme, quotes, null));
    ObjectNode expected =
        Json.parseObject(
            "expected",
            """
            {"listing": "%s", "channelId": "%s", "version": "2.1.0", "installedAt": %d,
             "price": {"unit": "call", "millicents": 1000}}
            """
                .formatted(quotes, install.channelId(), town.clock.millis()));
    assertEquals(expected, Json.parseObject("actual", install.toJson().toString()));
    assertEquals(List.of(install.channelId()), installs(acme));
    assertEquals(quotes.toString(), install.channel().toJson().get("listing").asText());
    assertEquals(Status.ACTIVE, install.channel().status());
  }

  @Test
  void aHigherPriceThanTheBuyerSawIsRefused() {
    publish(globex, "quotes", PENNY, null);
    publish(globex, "quotes", NICKEL, null);
    ParleyException e = failure(market.install(acme, quotes, PENNY));
    assertEquals(ErrorCode.CONFLICT, e.code());
    assertEquals(5_000L, e.details().get("millicents"));
    assertEquals(List.of(), installs(acme));
    await(market.install(acme, quotes, NICKEL));
  }

  @Test
  void aPriceRiseDoesNotTouchInstallsUntilTheyAreRenewed() {
    publish(globex, "quotes", PENNY, null);
    Install before = await(market.install(acme, quotes, null));
    publish(globex, "quotes", NICKEL, null);
    town.clock.advance(Duration.ofMinutes(5));
    assertEquals(PENNY, await(market.route(party(acme), quotes)).price());
    Install after = await(market.install(acme, quotes, NICKEL));
    assertNotEquals(before.channelId(), after.channelId());
    assertEquals(NICKEL, await(market.route(party(acme), quotes)).price());
    assertEquals(Status.REVOKED, await(node.channels().get(acme, before.channelId())).status());
    assertEquals(List.of(after.channelId()), installs(acme));
    assertEquals(1, await(market.get(quotes)).installs());
  }

  @Test
  void installingTheSameAgainChangesNothing() {
    publish(globex, "quotes", PENNY, null);
    String first = await(market.install(acme, quotes, null)).channelId();
    assertEquals(first, await(market.install(acme, quotes, PENNY)).channelId());
  }

  @Test
  void nobodyInstallsTheirOwn() {
    publish(globex, "quotes", PENNY, null);
    assertEquals(ErrorCode.INVALID_REQUEST, failure(market.install(globex, quotes, null)).code());
  }

  @Test
  void anUnlistedListingIsInstalledByItsIdAndNotFoundBySearch() {
    await(
        market.publish(
            globex,
            new Publication(
                "quotes",
                new AgentId("seller"),
                "hidden" + globex.tenant(),
                null,
                null,
                null,
                Visibility.UNLISTED,
                null)));
    assertEquals(List.of(), found("hidden" + globex.tenant()));
    assertEquals(quotes, await(market.get(quotes)).listing().id());
    await(market.install(acme, quotes, null));
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
  void anInstallThatAnUnpublishOvertakesFails() {
    publish(globex, "quotes", PENNY, null);
    Store slow = beforeTheSellerSigns(() -> market.unpublish(globex, quotes));
    Market overtaken = market(town.node(store, slow), store);
    assertEquals(ErrorCode.NOT_FOUND, failure(overtaken.install(acme, quotes, null)).code());
    Market fresh = market(town.node(store), store);
    assertEquals(ErrorCode.NOT_FOUND, failure(fresh.route(party(acme), quotes)).code());
    assertEquals(List.of(), installs(acme));
  }

  @Test
  void anInstallThatAPriceRiseOvertakesIsRefused() {
    publish(globex, "quotes", PENNY, null);
    Store slow =
        beforeTheSellerSigns(() -> market.publish(globex, publication("quotes", NICKEL, null)));
    Market overtaken = market(town.node(store, slow), store);
    assertEquals(ErrorCode.CONFLICT, failure(overtaken.install(acme, quotes, PENNY)).code());
    assertEquals(List.of(), installs(acme));
  }

  @Test
  void twoTenantsMayUseTheSameName() {
    publish(globex, "quotes", PENNY, null);
    publish(initech, "quotes", NICKEL, null);
    ListingId other = new ListingId(initech.tenant(), "quotes");
    await(market.install(acme, quotes, null));
    assertEquals(ErrorCode.NOT_FOUND, failure(market.route(party(acme), other)).code());
    await(market.install(acme, other, null));
    assertEquals(NICKEL, await(market.route(party(acme), other)).price());
    await(market.unpublish(initech, other));
    assertEquals(PENNY, await(market.route(party(acme), quotes)).price());
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
  void sellingDoesNotUseUpTheSellersChannelsAndBuyingDoesTheBuyers() {
    Principal seller = town.settle("seller", Town.channels(1));
    Principal buyer = town.settle("buyer", Town.channels(1));
    publish(seller, "one", PENNY, null);
    publish(globex, "quotes", PENNY, null);
    ListingId one = new ListingId(seller.tenant(), "one");
    for (Principal each : List.of(acme, initech, buyer)) {
      await(market.install(each, one, null));
    }
    await(node.channels().propose(seller, Proposal.of(party(seller), agent(acme, "desk"))));
    ParleyException e = failure(market.install(buyer, quotes, null));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, e.code());
    assertEquals("channels", e.details().get("limit"));
    assertEquals(0, await(market.get(quotes)).installs());
  }

  @Test
  void searchFindsWhatAnotherNodePublishedBefore() {
    Market elsewhere = market(town.node(store), store);
    String word = "zebra" + globex.tenant().value().replace("-", "");
    assertEquals(0, await(elsewhere.search(word, 0, 10)).total());
    for (int i = 0; i < 30; i++) {
      await(market.publish(globex, titled("name" + i, word)));
    }
    SearchPage page = await(elsewhere.search(word, 0, 10));
    assertEquals(30, page.total());
    assertEquals(10, page.listings().size());
    assertEquals("name29", page.listings().get(0).listing().id().name());
    assertEquals(
        "name9", await(elsewhere.search(word, 20, 10)).listings().get(0).listing().id().name());
    await(market.unpublish(globex, new ListingId(globex.tenant(), "name29")));
    assertEquals(29, await(elsewhere.search(word, 0, 1)).total());
    assertEquals(29, await(market(town.node(store), store).search(word, 0, 1)).total());
  }

  @Test
  void aHiddenListingIsNoLongerFound() {
    String word = "yak" + globex.tenant().value().replace("-", "");
    await(market.publish(globex, titled("quotes", word)));
    assertEquals(List.of(quotes), found(word));
    await(
        market.publish(
            globex,
            new Publication(
                "quotes",
                new AgentId("seller"),
                null,
                null,
                null,
                null,
                Visibility.UNLISTED,
                null)));
    assertEquals(List.of(), found(word));
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
  void aLostIndexIsMadeAgain() {
    String word = "wombat" + globex.tenant().value().replace("-", "");
    await(market.publish(globex, titled("quotes", word)));
    await(store.sortedRemove(Catalogue.CHANGED, quotes.path()));
    assertEquals(0, await(market(town.node(store), store).search(word, 0, 10)).total());
    assertEquals(1, await(market.reindex(globex.tenant())));
    assertEquals(1, await(market(town.node(store), store).search(word, 0, 10)).total());
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

  private Market market(Town.Node on, Store ofMarket) {
    return new Market(
        ofMarket,
        town.scopes,
        on.channels(),
        town::find,
        (tenant, agent) -> Future.succeededFuture(agent.value().equals("seller")),
        on.announcements(),
        town.clock);
  }

  /** The store, but something happens before the first copy of a seller is written. */
  private Store beforeTheSellerSigns(Supplier<Future<?>> event) {
    AtomicBoolean happened = new AtomicBoolean();
    return (Store)
        Proxy.newProxyInstance(
            Store.class.getClassLoader(),
            new Class<?>[] {Store.class},
            (proxy, method, arguments) -> {
              boolean sells =
                  method.getName().equals("run")
                      && arguments[2] instanceof List<?> list
                      && list.contains("sold");
              return sells && happened.compareAndSet(false, true)
                  ? event.get().compose(done -> run(arguments))
                  : method.invoke(store, arguments);
            });
  }

  @SuppressWarnings("unchecked")
  private Future<ScriptResult> run(Object[] arguments) {
    return store.run((Script) arguments[0], (List<Key>) arguments[1], (List<String>) arguments[2]);
  }

  private String publish(Principal publisher, String name, Price price, String version) {
    return await(market.publish(publisher, publication(name, price, version)))
        .listing()
        .version()
        .toString();
  }

  private static Publication publication(String name, Price price, String version) {
    return new Publication(
        name,
        new AgentId("seller"),
        null,
        null,
        null,
        price,
        null,
        version == null ? null : Version.parse(version));
  }

  private static Publication titled(String name, String title) {
    return new Publication(name, new AgentId("seller"), title, null, null, null, null, null);
  }

  private List<ListingId> found(String query) {
    return await(market.search(query, 0, 100)).listings().stream()
        .map(listed -> listed.listing().id())
        .toList();
  }

  private List<String> installs(Principal buyer) {
    return await(market.installed(buyer)).stream()
        .filter(install -> install.endedAt() == null)
        .map(install -> install.channelId())
        .toList();
  }

  private static Limits listings(long limit) {
    return new Limits(
        null, null, null, null, null, null, null, null, null, null, limit, null, null, null, null,
        null);
  }

  private static ParleyException failure(Future<?> future) {
    return assertThrows(ParleyException.class, () -> await(future));
  }
}
