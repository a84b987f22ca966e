package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.redis.client.Response;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
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

  private static final long LOG_EVERY_NANOS = 1_000_000_000;
  private static final AtomicLong LOG_NEXT_AT = new AtomicLong(System.nanoTime());

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

  /** Written, but not by enough replicas: it may be lost with the master. */
  static ParleyException unconfirmed(long replicas, int wanted, long timeoutMs) {
    return unavailable(
            "%d of %d replicas of the store confirmed within %d ms, so that it could be lost: it may"
                    .formatted(replicas, wanted, timeoutMs)
                + " or may not count; repeat it unchanged, with the same id where it has one",
            "unknown")
        .with("replicas", replicas)
        .with("wanted", wanted);
  }

  static ParleyException closed() {
    return unavailable("the store is closed: the hub stops", "not_done");
  }

  /** The failure of a command that was handed to the client. */
  static ParleyException of(Throwable cause) {
    if (cause instanceof ParleyException known) {
      return known;
    }
    String kind = kind(cause);
    if (kind.isEmpty() || kind.equals("CONNECTION_CLOSED")) {
      return unavailable("the connection to the store broke; try again in a moment", "unknown");
    }
    if (PASSING.contains(kind)) {
      logNowAndThen(cause);
      return unavailable(
          "the store refuses commands now (%s); try again in a moment".formatted(kind), "not_done");
    }
    LOG.error("Redis rejects a command of the hub, which is a defect: {}", cause.getMessage());
    return new ParleyException(
        ErrorCode.INTERNAL, "the store rejected a command (%s)".formatted(kind));
  }

  /** The first word of an error that Redis answered, or nothing when it is no such error. */
  static String kind(Throwable cause) {
    return cause instanceof Response && cause.getMessage() != null
        ? cause.getMessage().split("[ :]", 2)[0]
        : "";
  }

  /** Why something failed, in one line and without the credentials that a URL in it may carry. */
  static String reason(Throwable cause) {
    String message = cause.getMessage();
    if (message == null) {
      return cause.getClass().getSimpleName();
    }
    return message
        .replaceAll("//\\S*@", "//")
        .lines()
        .map(String::trim)
        .collect(Collectors.joining("; "));
  }

  /** A Redis that is full or loading refuses everything: one line a second says it. */
  private static void logNowAndThen(Throwable cause) {
    long now = System.nanoTime();
    long next = LOG_NEXT_AT.get();
    if (now - next >= 0 && LOG_NEXT_AT.compareAndSet(next, now + LOG_EVERY_NANOS)) {
      LOG.warn("Redis refuses commands: {}", reason(cause));
    }
  }

  private static ParleyException unavailable(String message, String outcome) {
    return new ParleyException(ErrorCode.UNAVAILABLE, message)
        .retryAfter(RETRY_AFTER_MS)
        .with("outcome", outcome);
  }
}
