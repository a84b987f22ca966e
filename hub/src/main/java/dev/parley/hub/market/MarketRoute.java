package dev.parley.hub.market;

import dev.parley.hub.channel.Permit;
import dev.parley.hub.channel.Price;
import dev.parley.protocol.address.AgentAddress;

/**
 * Where {@code market:tenant/name} leads for a tenant that has installed it, as of that version.
 *
 * @param address the agent
 * @param permit shared and cached; ask it whether it is current
 * @param price what the call costs: that of the install, whatever the listing says now
 */
public record MarketRoute(AgentAddress address, Permit permit, Price price) {
  static MarketRoute of(Permit permit) {
    return new MarketRoute(permit.channel().to(), permit, permit.channel().price());
  }
}
