package dev.parley.hub.model;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;

/** A model at work. Its context must stay open until it has ended: cancel before undeploying. */
public interface ModelRun {

  /**
   * The whole answer; completed on the context that started the run. Fails with a {@link
   * ParleyException}: {@code agent_failed} when the provider refused or broke off, {@code
   * rate_limited} when it has no capacity for this key, {@code unavailable} when it cannot be
   * reached, {@code deadline_exceeded} after the request's timeout, {@code cancelled}.
   */
  Future<ModelReply> reply();

  /** Stops the run and its connection; nothing happens when it has ended. From any thread. */
  void cancel();

  /**
   * What this run has cost so far, or when the provider has not said so an upper bound of it. Final
   * once {@link #reply()} is complete, also when that failed: settle a reservation with it.
   */
  TokenUsage used();
}
