package dev.parley.hub.access;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What an operation needs; the names are those in the contract. */
public enum Permission {
  TENANT_READ("tenant.read", Scope.READ),
  KEYS_READ("keys.read", Scope.READ),
  KEYS_WRITE("keys.write", Scope.ADMIN),
  AGENTS_READ("agents.read", Scope.READ),
  AGENTS_WRITE("agents.write", Scope.ADMIN),
  AGENTS_CONNECT("agents.connect", Scope.WRITE),
  FILES_READ("files.read", Scope.READ),
  FILES_WRITE("files.write", Scope.ADMIN),
  MEMORY_READ("memory.read", Scope.READ),
  MEMORY_WRITE("memory.write", Scope.WRITE),
  CHAT_READ("chat.read", Scope.READ),
  CHAT("chat", Scope.WRITE),
  CALL("call", Scope.WRITE),
  CHANNELS_READ("channels.read", Scope.READ),
  CHANNELS_WRITE("channels.write", Scope.ADMIN),
  MARKET_READ("market.read", Scope.READ),
  MARKET_WRITE("market.write", Scope.ADMIN),
  PROVIDERS_WRITE("providers.write", Scope.ADMIN),
  PLUGINS_READ("plugins.read", Scope.READ),
  PLUGINS_WRITE("plugins.write", Scope.ADMIN),
  PLUGINS_CALL("plugins.call", Scope.WRITE),
  ROOMS_READ("rooms.read", Scope.READ),
  ROOMS_WRITE("rooms.write", Scope.ADMIN),
  AUDIT_READ("audit.read", Scope.READ),
  USAGE_READ("usage.read", Scope.READ),
  PLATFORM_TENANTS_READ("platform.tenants.read", Scope.ADMIN),
  PLATFORM_TENANTS_WRITE("platform.tenants.write", Scope.ADMIN),
  PLATFORM_PLANS_WRITE("platform.plans.write", Scope.ADMIN),
  PLATFORM_PLUGINS_READ("platform.plugins.read", Scope.ADMIN),
  PLATFORM_PLUGINS_WRITE("platform.plugins.write", Scope.ADMIN),
  PLATFORM_USAGE_READ("platform.usage.read", Scope.ADMIN),
  PLATFORM_SECRETS_WRITE("platform.secrets.write", Scope.ADMIN),
  PLATFORM_AUDIT_READ("platform.audit.read", Scope.ADMIN);

  private static final Map<String, Permission> BY_NAME =
      Stream.of(values()).collect(Collectors.toMap(Permission::wireName, Function.identity()));

  private final String wireName;
  private final Scope scope;

  Permission(String wireName, Scope scope) {
    this.wireName = wireName;
    this.scope = scope;
  }

  /** The scope a connection must have kept to use this permission. */
  public Scope scope() {
    return scope;
  }

  public String wireName() {
    return wireName;
  }

  /**
   * The permission of this name.
   *
   * @throws IllegalArgumentException when the contract names one that does not exist
   */
  public static Permission of(String wireName) {
    Permission permission = BY_NAME.get(wireName);
    if (permission == null) {
      throw new IllegalArgumentException("no such permission: " + wireName);
    }
    return permission;
  }
}
