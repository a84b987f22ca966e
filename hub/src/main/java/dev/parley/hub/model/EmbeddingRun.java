package dev.parley.hub.model;

import io.vertx.core.Future;
import java.util.List;

/** A request for embeddings that is under way. */
public final class EmbeddingRun {
  private final Future<List<float[]>> vectors;
  private volatile TokenUsage used = TokenUsage.NONE;

  EmbeddingRun(java.util.function.Function<EmbeddingRun, Future<List<float[]>>> request) {
    this.vectors = request.apply(this);
  }

  /**
   * One vector for each text, in their order, all of one length and normalised to 1.
   *
   * @return fails as a model run does: {@code agent_failed}, {@code unavailable}, {@code
   *     rate_limited}, {@code deadline_exceeded}
   */
  public Future<List<float[]>> vectors() {
    return vectors;
  }

  /** What it has cost, also when it failed; final when {@link #vectors()} is complete. */
  public TokenUsage used() {
    return used;
  }

  void use(TokenUsage usage) {
    used = usage;
  }
}
