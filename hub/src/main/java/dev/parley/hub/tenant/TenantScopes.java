package dev.parley.hub.tenant;

import dev.parley.hub.access.Principal;
import java.nio.file.Path;

/** Hands out {@link TenantScope}s. */
public final class TenantScopes {
  private final Path workspaceRoot;

  /**
   * Takes the place of bulk data.
   *
   * @param data the data directory; bulk data is below its {@code workspace}
   */
  public TenantScopes(Path data) {
    this.workspaceRoot = data.resolve("workspace");
  }

  public TenantScope of(Principal principal) {
    return TenantScope.of(principal, workspaceRoot);
  }
}
