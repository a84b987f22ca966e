package dev.parley.hub.store;

import dev.parley.protocol.error.ParleyException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How the hub reaches Redis. Start from {@link #defaults} and change what differs.
 *
 * @param data the data directory, {@code ~/.parley} by default; created when absent. The server
 *     that the hub starts itself keeps everything under {@code <data>/redis}
 * @param redisUrl a Redis that runs elsewhere, in one of the forms of {@link Stores#open}; empty
 *     (the default): the hub starts a {@code redis-server} itself
 * @param commandTimeout how long a command may take, 10 ms to 1 minute; 2 s by default
 * @param redisServer the {@code redis-server} program to start; empty (the default): the one on
 *     {@code PATH} when it is 6.2 or newer, else the one that comes with the hub
 * @param fsync when the server that the hub starts itself forces writes to disk; {@code ALWAYS} by
 *     default. A Redis elsewhere has a setting of its own
 * @param maxWaiting how many commands may wait for an answer at once, 1 to 1,000,000; 16,384 by
 *     default. More fail at once with {@code unavailable}
 */
public record StoreOptions(
    Path data,
    Optional<String> redisUrl,
    Duration commandTimeout,
    Optional<Path> redisServer,
    FsyncPolicy fsync,
    int maxWaiting) {

  /**
   * Checks the bounds.
   *
   * @throws ParleyException {@code invalid_request} when a value is out of its range
   */
  public StoreOptions {
    data = data.toAbsolutePath().normalize();
    if (commandTimeout.toMillis() < 10 || commandTimeout.toMillis() > 60_000) {
      throw ParleyException.invalid(
          "commandTimeout",
          "the command timeout of %d ms is not between 10 and 60000 ms"
              .formatted(commandTimeout.toMillis()));
    }
    if (maxWaiting < 1 || maxWaiting > 1_000_000) {
      throw ParleyException.invalid(
          "maxWaiting",
          "the bound of %d waiting commands is not between 1 and 1000000".formatted(maxWaiting));
    }
  }

  /** A server of the hub's own under this data directory, and every other default. */
  public static StoreOptions defaults(Path data) {
    return new StoreOptions(
        data,
        Optional.empty(),
        Duration.ofSeconds(2),
        Optional.empty(),
        FsyncPolicy.ALWAYS,
        16_384);
  }

  public StoreOptions withRedisUrl(String url) {
    return new StoreOptions(data, Optional.of(url), commandTimeout, redisServer, fsync, maxWaiting);
  }

  public StoreOptions withCommandTimeout(Duration timeout) {
    return new StoreOptions(data, redisUrl, timeout, redisServer, fsync, maxWaiting);
  }

  public StoreOptions withRedisServer(Path program) {
    return new StoreOptions(
        data, redisUrl, commandTimeout, Optional.of(program), fsync, maxWaiting);
  }

  public StoreOptions withFsync(FsyncPolicy policy) {
    return new StoreOptions(data, redisUrl, commandTimeout, redisServer, policy, maxWaiting);
  }

  public StoreOptions withMaxWaiting(int commands) {
    return new StoreOptions(data, redisUrl, commandTimeout, redisServer, fsync, commands);
  }
}
