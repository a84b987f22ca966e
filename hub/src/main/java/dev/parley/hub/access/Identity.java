package dev.parley.hub.access;

import dev.parley.protocol.address.TenantId;

/**
 * Somebody whom an identity provider has vouched for.
 *
 * @param id of the person at that provider, short and without spaces; it stands where the id of an
 *     API key does
 * @param validUntil epoch milliseconds
 */
public record Identity(TenantId tenant, Role role, String id, long validUntil) {
  static final String PREFIX = "oidc-";

  public Identity {
    if (!id.startsWith(PREFIX)) {
      throw new IllegalArgumentException("the id of an identity begins with " + PREFIX);
    }
  }

  /** Whether a principal's id is that of an identity and not of an API key. */
  static boolean isIdOf(String id) {
    return id.startsWith(PREFIX);
  }
}
