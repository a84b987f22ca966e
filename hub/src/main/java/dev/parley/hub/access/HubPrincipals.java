package dev.parley.hub.access;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import java.util.Set;

/**
 * Principals for what the hub itself does in a tenant: running its hosted agents, and writing the
 * other side of a channel or a settlement. An architecture test lists who may ask for one.
 */
public final class HubPrincipals {
  static final String KEY_ID = "hub";

  private HubPrincipals() {}

  /** The hub running this agent: it may do what a connected agent may. */
  public static Principal agent(AgentAddress address) {
    return new Principal(
        address.tenant(),
        Role.AGENT,
        KEY_ID,
        address.agent(),
        Role.AGENT.permissions(),
        Principal.NO_END);
  }

  /** The hub sending what this tenant has scheduled; limit it to what whoever did may. */
  public static Principal scheduler(TenantId tenant) {
    return new Principal(
        tenant, Role.MEMBER, KEY_ID, null, Role.MEMBER.permissions(), Principal.NO_END);
  }

  /**
   * The hub sending messages that this tenant has asked for. Nobody in particular is behind them,
   * so agents do not write files because of them.
   */
  public static Principal sender(TenantId tenant) {
    return new Principal(
        tenant,
        Role.VIEWER,
        KEY_ID,
        null,
        Set.of(Permission.CALL, Permission.AGENTS_READ, Permission.FILES_READ),
        Principal.NO_END);
  }

  /**
   * The hub keeping this tenant's books. It has a scope and may do nothing through the gateways.
   */
  public static Principal bookkeeper(TenantId tenant) {
    return new Principal(tenant, Role.VIEWER, KEY_ID, null, Set.of(), Principal.NO_END);
  }
}
