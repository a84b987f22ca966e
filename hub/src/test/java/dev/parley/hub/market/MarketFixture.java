package dev.parley.hub.market;

import static dev.parley.hub.channel.Town.agent;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Price;
import dev.parley.hub.channel.Price.Unit;
import dev.parley.hub.channel.Town;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;

/** A market with a seller and two buyers. */
@ExtendWith(RedisExtension.class)
abstract class MarketFixture {
  static final Price PENNY = new Price(Unit.CALL, 1_000);
  static final Price NICKEL = new Price(Unit.CALL, 5_000);
  final Store store;

  final Town town = new Town();
  final Principal globex = town.settle("globex");
  final Principal acme = town.settle("acme");
  final Principal initech = town.settle("initech");
  final ListingId quotes = new ListingId(globex.tenant(), "quotes");
  final Town.Node node;

  final Market market;

  MarketFixture(Store store) {
    this.store = store;
    this.node = town.node(store);
    this.market = market(node, store);
  }

  Market market(Town.Node on, Store ofMarket) {
    return new Market(
        ofMarket,
        town.scopes,
        on.channels(),
        town::find,
        (tenant, agent) -> Future.succeededFuture(agent.value().equals("seller")),
        on.announcements(),
        town.clock);
  }

  @SuppressWarnings("unchecked")
  Future<ScriptResult> run(Object[] arguments) {
    return store.run((Script) arguments[0], (List<Key>) arguments[1], (List<String>) arguments[2]);
  }

  String publish(Principal publisher, String name, Price price, String version) {
    return await(market.publish(publisher, publication(name, price, version)))
        .listing()
        .version()
        .toString();
  }

  static Publication publication(String name, Price price, String version) {
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

  static Publication titled(String name, String title) {
    return new Publication(name, new AgentId("seller"), title, null, null, null, null, null);
  }

  List<ListingId> found(String query) {
    return await(market.search(query, 0, 100)).listings().stream()
        .map(listed -> listed.listing().id())
        .toList();
  }

  List<String> installs(Principal buyer) {
    return await(market.installed(buyer)).stream()
        .filter(install -> install.endedAt() == null)
        .map(install -> install.channelId())
        .toList();
  }

  static Limits listings(long limit) {
    return new Limits(
        null, null, null, null, null, null, null, null, null, null, limit, null, null, null, null,
        null, null, null, null, null);
  }

  static ParleyException failure(Future<?> future) {
    return assertThrows(ParleyException.class, () -> await(future));
  }
}
