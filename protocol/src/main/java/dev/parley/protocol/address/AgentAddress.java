package dev.parley.protocol.address;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;

/**
 * The address of an agent: {@code tenant/agent}. An address says nothing about where the agent
 * lives; placement does.
 */
public record AgentAddress(TenantId tenant, AgentId agent)
    implements Target, Comparable<AgentAddress> {

  /**
   * Reads {@code tenant/agent}.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code address}, {@code
   *     tenant} or {@code agent}
   */
  public static AgentAddress parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "an agent address is tenant/agent, got " + Names.printable(text))
          .with("field", "address");
    }
    return new AgentAddress(
        new TenantId(text.substring(0, slash)), new AgentId(text.substring(slash + 1)));
  }

  @Override
  public int compareTo(AgentAddress other) {
    int byTenant = tenant.compareTo(other.tenant);
    return byTenant != 0 ? byTenant : agent.compareTo(other.agent);
  }

  @Override
  public String toString() {
    return tenant.value() + '/' + agent.value();
  }
}
