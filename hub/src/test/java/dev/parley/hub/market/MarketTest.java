package dev.parley.hub.market;

import static dev.parley.hub.channel.Town.agent;
import static dev.parley.hub.channel.Town.party;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Permit;
import dev.parley.hub.channel.Proposal;
import dev.parley.hub.channel.Status;
import dev.parley.hub.channel.Town;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class MarketTest extends MarketFixture {
  MarketTest(Store store) {
    super(store);
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
  void aLostIndexIsMadeAgain() {
    String word = "wombat" + globex.tenant().value().replace("-", "");
    await(market.publish(globex, titled("quotes", word)));
    await(store.sortedRemove(Catalogue.CHANGED, quotes.path()));
    assertEquals(0, await(market(town.node(store), store).search(word, 0, 10)).total());
    assertEquals(1, await(market.reindex(globex.tenant())));
    assertEquals(1, await(market(town.node(store), store).search(word, 0, 10)).total());
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
}
