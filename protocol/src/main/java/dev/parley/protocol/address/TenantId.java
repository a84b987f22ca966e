package dev.parley.protocol.address;

/**
 * Identifies a tenant: the part before the slash of an {@link AgentAddress}.
 *
 * @param value 1 to 40 lowercase ASCII letters, digits or single inner hyphens
 */
public record TenantId(String value) implements Comparable<TenantId> {
  /**
   * Validates the name.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code invalid_request} naming the field
   *     {@code tenant}
   */
  public TenantId {
    Names.requireName("tenant", value);
  }

  @Override
  public int compareTo(TenantId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
