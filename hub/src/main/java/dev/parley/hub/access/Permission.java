package dev.parley.hub.access;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What an operation needs; the names are those in the contract. */
public enum Permission {
  TENANT_READ("tenant.read"),
  KEYS_READ("keys.read"),
  KEYS_WRITE("keys.write"),
  AGENTS_READ("agents.read"),
  AGENTS_WRITE("agents.write"),
  AGENTS_CONNECT("agents.connect"),
  FILES_READ("files.read"),
  FILES_WRITE("files.write"),
  CHAT_READ("chat.read"),
  CHAT("chat"),
  CALL("call"),
  CHANNELS_READ("channels.read"),
  CHANNELS_WRITE("channels.write"),
  MARKET_READ("market.read"),
  MARKET_WRITE("market.write"),
  PROVIDERS_WRITE("providers.write"),
  USAGE_READ("usage.read"),
  PLATFORM_TENANTS_READ("platform.tenants.read"),
  PLATFORM_TENANTS_WRITE("platform.tenants.write"),
  PLATFORM_PLANS_WRITE("platform.plans.write"),
  PLATFORM_USAGE_READ("platform.usage.read");

  private static final Map<String, Permission> BY_NAME =
      Stream.of(values()).collect(Collectors.toMap(Permission::wireName, Function.identity()));

  private final String wireName;

  Permission(String wireName) {
    this.wireName = wireName;
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
