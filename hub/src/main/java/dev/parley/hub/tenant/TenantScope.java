package dev.parley.hub.tenant;

import dev.parley.hub.access.Principal;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.protocol.address.TenantId;
import java.nio.file.Path;

/**
 * The only way to a tenant's data. A scope is made from an authenticated principal and prefixes
 * every Redis key and every path itself, so that code holding it cannot name another tenant's data,
 * and code without it can name none.
 */
public final class TenantScope {
  private final TenantId tenant;
  private final Path workspaceRoot;

  private TenantScope(TenantId tenant, Path workspaceRoot) {
    this.tenant = tenant;
    this.workspaceRoot = workspaceRoot;
  }

  /**
   * The scope of the principal's tenant.
   *
   * @param workspaceRoot {@code <data>/workspace}
   */
  static TenantScope of(Principal principal, Path workspaceRoot) {
    return new TenantScope(principal.tenant(), workspaceRoot);
  }

  public TenantId tenant() {
    return tenant;
  }

  /** A Redis key of this tenant; see {@link Keyspace#key}. */
  public Key key(String... parts) {
    return Keyspace.of(tenant).key(parts);
  }

  /** All keys of this tenant. */
  Keyspace keyspace() {
    return Keyspace.of(tenant);
  }

  /** The directory of this tenant's bulk data: {@code <data>/workspace/<tenant_id>}. */
  public Path directory() {
    return workspaceRoot.resolve(tenant.value());
  }

  @Override
  public String toString() {
    return "scope of " + tenant;
  }
}
