package dev.parley.hub.store;

import dev.parley.protocol.address.TenantId;

/**
 * A prefix that no key leaves: {@code t:{acme}:} for a tenant, {@code p:{platform}:} for the
 * platform. The braces are a Redis Cluster hash tag: all keys of one tenant share a slot, so that a
 * script can touch several of them atomically.
 */
public final class Keyspace {
  private final String tag;
  private final String prefix;

  private Keyspace(String kind, String tag) {
    this.tag = tag;
    this.prefix = kind + ":{" + tag + "}:";
  }

  /** The keys of the platform itself: the list of tenants, invites, listings. */
  public static Keyspace platform() {
    return new Keyspace("p", "platform");
  }

  /** The keys of one tenant. Only {@code TenantScope} may call this; a test sees to it. */
  public static Keyspace of(TenantId tenant) {
    return new Keyspace("t", tenant.value());
  }

  /**
   * A key of this keyspace.
   *
   * @param parts joined with {@code :}; of letters, digits and {@code - _ . /} only
   * @throws IllegalArgumentException when there is no part, or one is empty or holds another
   *     character
   */
  public Key key(String... parts) {
    if (parts.length == 0) {
      throw new IllegalArgumentException("a key has no part");
    }
    StringBuilder key = new StringBuilder(prefix);
    for (int i = 0; i < parts.length; i++) {
      requirePlain(parts[i]);
      key.append(i == 0 ? "" : ":").append(parts[i]);
    }
    return new Key(tag, key.toString());
  }

  /** Any key of this keyspace, which says where they all are. */
  Key any() {
    return new Key(tag, prefix);
  }

  private static void requirePlain(String part) {
    if (part.isEmpty()) {
      throw new IllegalArgumentException("a key part is empty");
    }
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      boolean plain =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= '9') || c == '_';
      if (!plain) {
        throw new IllegalArgumentException("a key part holds a character it may not: " + part);
      }
    }
  }
}
