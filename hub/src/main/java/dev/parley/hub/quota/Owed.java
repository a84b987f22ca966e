package dev.parley.hub.quota;

import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;

/**
 * Money that has left a buyer's budget and is to arrive in a seller's books.
 *
 * @param id of the buyer's reservation
 * @param day the buyer paid on, days of the epoch
 * @param millicents more than 0
 */
record Owed(String id, long day, Seller seller, long millicents) {

  /** Reads what {@code budget-settle.lua} wrote. */
  static Owed parse(String id, String entry) {
    String[] part = entry.split(" ", -1);
    Seller seller =
        new Seller(
            new TenantId(part[1]), new AgentId(part[2]), part[3].equals("-") ? null : part[3]);
    return new Owed(id, Long.parseLong(part[0]), seller, Long.parseLong(part[4]));
  }
}
