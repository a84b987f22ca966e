package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Redis's failures in the hub's words. The detail {@code outcome} is {@code not_done} when the
 * command never left, {@code unknown} when it may have been carried out.
 */
final class RedisFailure {
  private static final Logger LOG = LoggerFactory.getLogger(RedisFailure.class);
  private static final long RETRY_AFTER_MS = 1_000;

  /** What Redis answers when its own state, not the command, is at fault. */
  private static final Set<String> PASSING =
      Set.of(
          "LOADING",
          "BUSY",
          "MASTERDOWN",
          "READONLY",
          "MISCONF",
          "OOM",
          "CLUSTERDOWN",
          "TRYAGAIN",
          "MOVED",
          "ASK",
          "NOREPLICAS",
          "NOAUTH",
          "WRONGPASS",
          "NOPERM",
          "UNKILLABLE");

  private RedisFailure() {}

  static ParleyException away() {
    return unavailable("the store cannot be reached now; try again in a moment", "not_done");
  }

  static ParleyException full(int bound) {
    return unavailable(
        "%d commands wait for the store already; try again in a moment".formatted(bound),
        "not_done");
  }

  static ParleyException late(long timeoutMs) {
    return unavailable(
        "the store did not answer within %d ms; try again in a moment".formatted(timeoutMs),
        "unknown");
  }

  static ParleyException closed() {
    return unavailable("the store is closed: the hub stops", "not_done");
  }

  /** The failure of a command that was handed to the client. */
  static ParleyException of(Throwable cause) {
    if (cause instanceof ParleyException known) {
      return known;
    }
    if (!(cause instanceof ErrorType answer)) {
      return unavailable("the connection to the store broke; try again in a moment", "unknown");
    }
    String text = String.valueOf(answer.getMessage());
    String kind = text.split("[ :]", 2)[0];
    if (kind.equals("CONNECTION_CLOSED")) {
      return unavailable("the connection to the store broke; try again in a moment", "unknown");
    }
    if (PASSING.contains(kind)) {
      LOG.warn("Redis refuses a command: {}", text);
      return unavailable(
          "the store refuses commands now (%s); try again in a moment".formatted(kind), "not_done");
    }
    LOG.error("Redis rejects a command of the hub, which is a defect: {}", text);
    return new ParleyException(
        ErrorCode.INTERNAL, "the store rejected a command (%s)".formatted(kind));
  }

  private static ParleyException unavailable(String message, String outcome) {
    return new ParleyException(ErrorCode.UNAVAILABLE, message)
        .retryAfter(RETRY_AFTER_MS)
        .with("outcome", outcome);
  }
}
