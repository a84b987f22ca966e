package dev.parley.hub.tenant;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import org.jspecify.annotations.Nullable;

/**
 * A tenant as it stands.
 *
 * @param override limits set apart from the plan
 * @param suspendedReason null when active
 * @param createdAt epoch milliseconds
 */
public record Tenant(
    TenantId id,
    String displayName,
    Plan plan,
    Limits override,
    @Nullable String suspendedReason,
    long createdAt) {

  public boolean active() {
    return suspendedReason == null;
  }

  /** The limits in force: the plan's, with the override. */
  public Limits limits() {
    return plan.limits().with(override);
  }

  /**
   * Insists that the tenant may do anything at all.
   *
   * @throws ParleyException {@code forbidden} when it is suspended
   */
  public Tenant requireActive() {
    if (!active()) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "tenant %s is suspended: %s; ask the operator of this hub"
                  .formatted(id, suspendedReason))
          .with(ParleyException.DETAIL_CODE, "tenant_suspended");
    }
    return this;
  }
}
