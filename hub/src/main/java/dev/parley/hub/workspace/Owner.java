package dev.parley.hub.workspace;

import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;

/** Whose files. */
record Owner(TenantScope scope, AgentId agent) {
  AgentAddress address() {
    return new AgentAddress(scope.tenant(), agent);
  }
}
