package dev.parley.protocol.address;

import org.jspecify.annotations.Nullable;

/**
 * One side of a conversation or channel: a whole tenant (a person of it, through a client) or one
 * of its agents. Written {@code tenant} or {@code tenant/agent}.
 *
 * @param agent null when the party is the tenant as a whole
 */
public record Party(TenantId tenant, @Nullable AgentId agent) {

  public static Party of(TenantId tenant) {
    return new Party(tenant, null);
  }

  public static Party of(AgentAddress address) {
    return new Party(address.tenant(), address.agent());
  }

  /**
   * Reads {@code tenant} or {@code tenant/agent}.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code invalid_request}
   */
  public static Party parse(String text) {
    return text.indexOf('/') < 0 ? of(new TenantId(text)) : of(AgentAddress.parse(text));
  }

  /** True when {@code other} is this party, or this party is the whole tenant of {@code other}. */
  public boolean covers(Party other) {
    return tenant.equals(other.tenant) && (agent == null || agent.equals(other.agent));
  }

  @Override
  public String toString() {
    return agent == null ? tenant.value() : tenant.value() + '/' + agent.value();
  }
}
