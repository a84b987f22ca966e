/**
 * Tenants: sign-up, plan, suspension, and {@link dev.parley.hub.tenant.TenantScope}, the only way
 * to a tenant's data.
 */
@NullMarked
package dev.parley.hub.tenant;

import org.jspecify.annotations.NullMarked;
