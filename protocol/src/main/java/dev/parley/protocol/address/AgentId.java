package dev.parley.protocol.address;

/**
 * Identifies an agent inside its tenant: the part after the slash of an {@link AgentAddress}.
 *
 * @param value 1 to 40 lowercase ASCII letters, digits or single inner hyphens
 */
public record AgentId(String value) implements Comparable<AgentId> {
  /**
   * Validates the name.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code invalid_request} naming the field
   *     {@code agent}
   */
  public AgentId {
    Names.requireName("agent", value);
  }

  @Override
  public int compareTo(AgentId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
