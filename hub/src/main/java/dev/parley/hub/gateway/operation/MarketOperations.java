package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.channel.Price;
import dev.parley.hub.gateway.Caller;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.market.Install;
import dev.parley.hub.market.Market;
import dev.parley.hub.market.Publication;
import dev.parley.protocol.address.ListingId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;

/** Listings and installs. */
public final class MarketOperations {
  private static final int DEFAULT_PAGE = 20;

  private final Market market;

  public MarketOperations(Market market) {
    this.market = market;
  }

  public void register(OperationTable table) {
    table
        .on(
            "market.publish",
            (caller, params) ->
                market
                    .publish(caller.principal(), Publication.parse(params))
                    .map(listed -> wrap("listing", listed.toJson())))
        .on("market.unpublish", this::unpublish)
        .on("market.search", (caller, params) -> search(params))
        .on(
            "market.get",
            (caller, params) ->
                market.get(listing(params)).map(listed -> wrap("listing", listed.toJson())))
        .on("market.install", this::install)
        .on(
            "market.uninstall",
            (caller, params) ->
                market
                    .uninstall(caller.principal(), listing(params))
                    .map(install -> wrap("install", install.toJson())))
        .on("market.installed", (caller, params) -> installed(caller));
  }

  private Future<ObjectNode> unpublish(Caller caller, ObjectNode params) {
    return market
        .unpublish(caller.principal(), listing(params))
        .map(
            withdrawn ->
                wrap("listing", withdrawn.listing().toJson())
                    .put("installsEnded", withdrawn.installsEnded()));
  }

  private Future<ObjectNode> search(ObjectNode params) {
    return market
        .search(
            params.path("query").asText(""),
            params.path("offset").asInt(0),
            params.path("limit").asInt(DEFAULT_PAGE))
        .map(
            page -> {
              ObjectNode result = Json.object().put("total", page.total());
              ArrayNode list = result.putArray("listings");
              page.listings().forEach(listed -> list.add(listed.toJson()));
              return result;
            });
  }

  private Future<ObjectNode> install(Caller caller, ObjectNode params) {
    Price maxPrice =
        params.hasNonNull("maxPrice") ? Json.read(params.get("maxPrice"), Price.class) : null;
    return market
        .install(caller.principal(), listing(params), maxPrice)
        .map(
            install ->
                wrap("install", install.toJson())
                    .<ObjectNode>set("channel", install.channel().toJson()));
  }

  private Future<ObjectNode> installed(Caller caller) {
    return market
        .installed(caller.principal())
        .map(
            installs -> {
              ObjectNode result = Json.object();
              ArrayNode list = result.putArray("installs");
              installs.stream().map(Install::toJson).forEach(list::add);
              return result;
            });
  }

  private static ListingId listing(ObjectNode params) {
    return ParleyException.inField(
        "listing", () -> ListingId.parse(params.path("listing").asText()));
  }

  private static ObjectNode wrap(String name, ObjectNode value) {
    ObjectNode result = Json.object();
    result.set(name, value);
    return result;
  }
}
