package dev.parley.hub.channel;

import dev.parley.hub.tenant.Tenant;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.util.Optional;

/** Which tenants there are, with the limits in force. */
@FunctionalInterface
public interface TenantDirectory {
  /** The tenant of this id; empty when there is none. */
  Future<Optional<Tenant>> find(TenantId id);
}
