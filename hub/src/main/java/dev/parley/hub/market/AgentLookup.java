package dev.parley.hub.market;

import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;

/** Which agents there are. */
@FunctionalInterface
public interface AgentLookup {
  Future<Boolean> exists(TenantId tenant, AgentId agent);
}
