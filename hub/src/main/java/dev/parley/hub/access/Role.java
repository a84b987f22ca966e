package dev.parley.hub.access;

import static dev.parley.hub.access.Permission.*;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * The roles, and the one table of what each may do. Platform roles permit nothing inside a tenant;
 * tenant roles nothing on the platform. An admin manages keys too: those of the platform.
 */
public enum Role {
  OWNER(EnumSet.range(TENANT_READ, USAGE_READ)),
  MEMBER(
      EnumSet.of(
          TENANT_READ,
          AGENTS_READ,
          AGENTS_WRITE,
          AGENTS_CONNECT,
          FILES_READ,
          FILES_WRITE,
          MEMORY_READ,
          MEMORY_WRITE,
          CHAT_READ,
          CHAT,
          CALL,
          CHANNELS_READ,
          MARKET_READ,
          ROOMS_READ,
          USAGE_READ)),
  VIEWER(
      EnumSet.of(
          TENANT_READ,
          AGENTS_READ,
          FILES_READ,
          MEMORY_READ,
          CHAT_READ,
          CHANNELS_READ,
          MARKET_READ,
          ROOMS_READ,
          USAGE_READ)),
  AGENT(
      EnumSet.of(
          AGENTS_READ,
          AGENTS_CONNECT,
          MEMORY_READ,
          MEMORY_WRITE,
          CALL,
          CHANNELS_READ,
          MARKET_READ,
          ROOMS_READ)),
  ADMIN(
      EnumSet.of(
          KEYS_READ,
          KEYS_WRITE,
          PLATFORM_TENANTS_READ,
          PLATFORM_TENANTS_WRITE,
          PLATFORM_PLANS_WRITE,
          PLATFORM_PLUGINS_READ,
          PLATFORM_PLUGINS_WRITE,
          PLATFORM_USAGE_READ,
          PLATFORM_SECRETS_WRITE,
          PLATFORM_AUDIT_READ)),
  BILLING(EnumSet.of(PLATFORM_TENANTS_READ, PLATFORM_PLANS_WRITE, PLATFORM_USAGE_READ)),
  AUDITOR(
      EnumSet.of(
          PLATFORM_TENANTS_READ, PLATFORM_PLUGINS_READ, PLATFORM_USAGE_READ, PLATFORM_AUDIT_READ));

  private final Set<Permission> permissions;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  Role(Set<Permission> permissions) {
    this.permissions = Collections.unmodifiableSet(permissions);
  }

  public Set<Permission> permissions() {
    return permissions;
  }

  public String wireName() {
    return wireName;
  }

  /** Whether this is a role on the platform, not inside a tenant. */
  public boolean isPlatform() {
    return this == ADMIN || this == BILLING || this == AUDITOR;
  }

  /** The role of this name; the contract admits no other. */
  public static Role of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }
}
