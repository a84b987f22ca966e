package dev.parley.hub.memory;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a search has found, best first.
 *
 * @param agentId whose memory was searched; null for all of the tenant
 * @param provider who made the vector of the query: {@code hashing} or {@code openai}
 * @param model {@code provider/model}, null for {@code hashing}
 * @param searchMode {@code hybrid}
 * @param degraded why the tenant's provider was not used, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryFound(
    @Nullable String agentId,
    String provider,
    @Nullable String model,
    String searchMode,
    List<MemoryHit> results,
    @Nullable Degraded degraded) {

  /** A failure that cost quality and not the answer. */
  public record Degraded(String code, String message) {}
}
