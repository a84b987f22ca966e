package dev.parley.hub.disk;

import static dev.parley.hub.store.RedisExtension.await;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;

/** For tests of what fails. */
public final class Refusals {
  private Refusals() {}

  /** The refusal a future ends with; any other end is an error. */
  public static ParleyException refusal(Future<?> future) {
    Object value;
    try {
      value = await(future);
    } catch (ParleyException e) {
      return e;
    }
    throw new AssertionError("expected a refusal, got " + value);
  }
}
