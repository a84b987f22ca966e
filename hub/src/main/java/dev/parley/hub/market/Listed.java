package dev.parley.hub.market;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A listing with how many tenants have it installed now. */
public record Listed(Listing listing, long installs) {

  /** The listing as {@code market.json} of the contract defines it. */
  public ObjectNode toJson() {
    return listing.toJson().put("installs", installs);
  }
}
