package dev.parley.hub.quota;

import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import org.jspecify.annotations.Nullable;

/**
 * Who earns what a priced call costs.
 *
 * @param agent the seller's agent that answered
 * @param channel the channel of the install, or null
 */
public record Seller(TenantId tenant, AgentId agent, @Nullable String channel) {
  /**
   * Checks the channel.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code invalid_request} naming it
   */
  public Seller {
    if (channel != null) {
      Spend.requireId("channel", channel);
    }
  }
}
