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
 * @param replicas how many replicas must have what {@link Script#replicated()} scripts write before
 *     they succeed, 0 to 10; 0 by default, and only with a {@code redisUrl} more
 * @param replicaTimeout how long to wait for them, 10 ms to less than {@code commandTimeout}; 1 s
 *     by default
 */
public record StoreOptions(
    Path data,
    Optional<String> redisUrl,
    Duration commandTimeout,
    Optional<Path> redisServer,
    FsyncPolicy fsync,
    int maxWaiting,
    int replicas,
    Duration replicaTimeout) {

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
    if (replicas < 0 || replicas > 10) {
      throw ParleyException.invalid(
          "replicas", "%d replicas are not between 0 and 10".formatted(replicas));
    }
    if (replicas > 0 && redisUrl.isEmpty()) {
      throw ParleyException.invalid(
          "replicas",
          "the hub's own redis-server has no replicas: name a Redis that has, with --redis");
    }
    if (replicas > 0
        && (replicaTimeout.toMillis() < 10 || replicaTimeout.compareTo(commandTimeout) >= 0)) {
      throw ParleyException.invalid(
          "replicaTimeout",
          "%d ms for replicas are not between 10 ms and the command timeout of %d ms"
              .formatted(replicaTimeout.toMillis(), commandTimeout.toMillis()));
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
        16_384,
        0,
        Duration.ofSeconds(1));
  }

  public StoreOptions withRedisUrl(String url) {
    return with(Optional.of(url), commandTimeout, redisServer, fsync, maxWaiting);
  }

  public StoreOptions withCommandTimeout(Duration timeout) {
    return with(redisUrl, timeout, redisServer, fsync, maxWaiting);
  }

  public StoreOptions withRedisServer(Path program) {
    return with(redisUrl, commandTimeout, Optional.of(program), fsync, maxWaiting);
  }

  public StoreOptions withFsync(FsyncPolicy policy) {
    return with(redisUrl, commandTimeout, redisServer, policy, maxWaiting);
  }

  public StoreOptions withMaxWaiting(int commands) {
    return with(redisUrl, commandTimeout, redisServer, fsync, commands);
  }

  public StoreOptions withReplicas(int count, Duration timeout) {
    return new StoreOptions(
        data, redisUrl, commandTimeout, redisServer, fsync, maxWaiting, count, timeout);
  }

  private StoreOptions with(
      Optional<String> url, Duration timeout, Optional<Path> program, FsyncPolicy policy, int max) {
    return new StoreOptions(data, url, timeout, program, policy, max, replicas, replicaTimeout);
  }
}
