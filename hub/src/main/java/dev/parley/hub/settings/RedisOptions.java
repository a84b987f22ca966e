package dev.parley.hub.settings;

import dev.parley.hub.store.FsyncPolicy;
import java.time.Duration;
import java.util.List;

/** The settings of the store, a part of the catalogue of {@link HubSettings}. */
public final class RedisOptions {
  public static final Setting<String> URL =
      Catalogue.text(
          "redis",
          "<url>",
          "",
          "redis://, rediss://, redis-sentinel:// or redis-cluster:// URL; without it the hub starts"
              + " a redis-server of its own under --data");
  public static final Setting<String> SERVER =
      Catalogue.text(
          "redis-server",
          "<program>",
          "",
          "redis-server to start; without it the one on PATH (6.2 or newer) or the built-in one");
  public static final Setting<FsyncPolicy> FSYNC =
      Catalogue.oneOf(
          "fsync",
          FsyncPolicy.class,
          "always",
          "when the own redis-server forces writes to disk; everysec may lose a second of accepted"
              + " work when the machine dies");
  public static final Setting<Duration> TIMEOUT =
      Catalogue.millis("redis-timeout-ms", "2000", 10, 60_000, "deadline of one Redis command");
  public static final Setting<Integer> REPLICAS =
      Catalogue.integer(
          "redis-replicas",
          "<n>",
          "0",
          0,
          10,
          "replicas of --redis that must have what may not be lost (accepted messages, revocations,"
              + " money, fencing tokens) before the hub says yes");
  public static final Setting<Duration> REPLICA_TIMEOUT =
      Catalogue.millis(
          "redis-replica-timeout-ms",
          "1000",
          10,
          59_999,
          "how long to wait for these replicas; less than --redis-timeout-ms");

  static final List<Setting<?>> ALL =
      List.of(URL, SERVER, FSYNC, TIMEOUT, REPLICAS, REPLICA_TIMEOUT);

  private RedisOptions() {}
}
