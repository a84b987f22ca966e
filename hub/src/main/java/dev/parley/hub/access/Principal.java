package dev.parley.hub.access;

import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is acting: made by this package from a verified credential, never from what a client says.
 * Its permissions can be narrowed and never widened.
 */
public final class Principal {
  /** The end of what has none. */
  public static final long NO_END = Long.MAX_VALUE;

  private final TenantId tenant;
  private final Role role;
  private final String keyId;
  private final @Nullable AgentId agent;
  private final Set<Permission> permissions;
  private final long validUntil;
  private final Rights limit;
  private final Rights rights;

  Principal(
      TenantId tenant,
      Role role,
      String keyId,
      @Nullable AgentId agent,
      Set<Permission> permissions,
      long validUntil) {
    this(tenant, role, keyId, agent, permissions, validUntil, Rights.ALL);
  }

  private Principal(
      TenantId tenant,
      Role role,
      String keyId,
      @Nullable AgentId agent,
      Set<Permission> permissions,
      long validUntil,
      Rights limit) {
    this.tenant = tenant;
    this.role = role;
    this.keyId = keyId;
    this.agent = agent;
    this.permissions = permissions;
    this.validUntil = validUntil;
    this.limit = limit;
    boolean wholeAgent = role == Role.AGENT && permissions.containsAll(Role.AGENT.permissions());
    this.rights = wholeAgent ? limit : limit.and(Rights.of(permissions));
  }

  public TenantId tenant() {
    return tenant;
  }

  public Role role() {
    return role;
  }

  /** The id of the API key behind it; {@code hub} when the hub acts for an agent or tenant. */
  public String keyId() {
    return keyId;
  }

  /** The agent it is, or null for a person. */
  public @Nullable AgentId agent() {
    return agent;
  }

  /** When its API key ends, in epoch milliseconds; {@link #NO_END} when it does not. */
  public long validUntil() {
    return validUntil;
  }

  public Party party() {
    return agent == null ? Party.of(tenant) : Party.of(new AgentAddress(tenant, agent));
  }

  /** The same principal without the permissions that {@code scopes} do not cover. */
  public Principal narrowedTo(Set<Scope> scopes) {
    Set<Permission> kept = EnumSet.noneOf(Permission.class);
    for (Permission permission : permissions) {
      if (permission.scope().coveredBy(scopes)) {
        kept.add(permission);
      }
    }
    return new Principal(tenant, role, keyId, agent, kept, validUntil, limit);
  }

  /** The same tenant's agent, with what an agent may do and this principal permits. */
  public Principal actingAs(AgentId as) {
    Set<Permission> kept = EnumSet.noneOf(Permission.class);
    kept.addAll(permissions);
    kept.retainAll(Role.AGENT.permissions());
    return new Principal(tenant, Role.AGENT, keyId, as, kept, validUntil, limit);
  }

  /** The same principal, handing on no more than these rights. */
  public Principal limitedTo(Rights rights) {
    return new Principal(tenant, role, keyId, agent, permissions, validUntil, limit.and(rights));
  }

  /**
   * What agents may do because this principal asks. An agent that acts of its own accord may do all
   * that tools do: its own workspace is its own.
   */
  public Rights rights() {
    return rights;
  }

  /**
   * Insists that it may do all that a role may, as it must to make a key of that role.
   *
   * @throws ParleyException {@code forbidden}
   */
  public void requireAll(Role wanted) {
    for (Permission permission : wanted.permissions()) {
      if (!may(permission)) {
        throw new ParleyException(
                ErrorCode.FORBIDDEN,
                "a key of role %s permits %s, which you may not do: nobody makes a key for more than one's own rights"
                    .formatted(wanted.wireName(), permission.wireName()))
            .with("permission", permission.wireName())
            .with("role", wanted.wireName());
      }
    }
  }

  /** The scopes in which something is permitted. */
  public Set<Scope> scopes() {
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    permissions.forEach(permission -> scopes.add(permission.scope()));
    return scopes;
  }

  public boolean may(Permission permission) {
    return permissions.contains(permission);
  }

  /**
   * Insists on a permission: the one place where the hub refuses for lack of rights.
   *
   * @throws ParleyException {@code forbidden}
   */
  public void require(Permission permission) {
    if (may(permission)) {
      return;
    }
    if (role.permissions().contains(permission)) {
      String scope = permission.scope().wireName();
      throw new ParleyException(ErrorCode.FORBIDDEN, "missing scope: " + scope)
          .with(ParleyException.DETAIL_CODE, "MISSING_SCOPE")
          .with("missingScope", scope)
          .with("requiredScopes", List.of(scope));
    }
    throw new ParleyException(
            ErrorCode.FORBIDDEN,
            "the role %s of this key does not permit %s"
                .formatted(role.wireName(), permission.wireName()))
        .with("permission", permission.wireName())
        .with("role", role.wireName());
  }

  @Override
  public String toString() {
    return party() + " as " + role.wireName() + " by key " + keyId;
  }
}
