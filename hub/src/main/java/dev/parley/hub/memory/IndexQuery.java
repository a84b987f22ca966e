package dev.parley.hub.memory;

import dev.parley.protocol.address.AgentId;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is searched for in an index.
 *
 * @param agents whose memory; an index holds that of all agents of its tenant
 * @param provider the query by the tenant's provider, or null
 * @param limit how many hits at most
 */
record IndexQuery(
    String text,
    Set<AgentId> agents,
    MemoryFilter filter,
    @Nullable ProviderVector provider,
    int limit) {

  /** A vector and who made it; see {@link Vectors#fingerprint()}. */
  static final class ProviderVector {
    private final String fingerprint;
    private final float[] vector;

    ProviderVector(String fingerprint, float[] vector) {
      this.fingerprint = fingerprint;
      this.vector = vector;
    }

    String fingerprint() {
      return fingerprint;
    }

    float[] vector() {
      return vector;
    }
  }
}
