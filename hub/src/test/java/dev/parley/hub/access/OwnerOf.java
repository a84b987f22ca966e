package dev.parley.hub.access;

import dev.parley.protocol.address.TenantId;

/** For tests of what comes after authentication: the owner of a tenant, as if just signed in. */
public final class OwnerOf {
  private OwnerOf() {}

  public static Principal tenant(String tenant) {
    return new Principal(
        new TenantId(tenant),
        Role.OWNER,
        "test-key",
        null,
        Role.OWNER.permissions(),
        Principal.NO_END);
  }
}
