package dev.parley.hub.settings;

import static dev.parley.hub.settings.Catalogue.integer;
import static dev.parley.hub.settings.Catalogue.millis;

import java.time.Duration;
import java.util.List;

/** The settings of plugins. */
public final class PluginOptions {
  public static final Setting<Integer> WORKERS =
      integer("plugin-workers", "<n>", "2", 1, 256, "threads that run plugins on this node");
  public static final Setting<Duration> CPU =
      millis("plugin-cpu-ms", "1000", 1, 600_000, "CPU time that one call of a plugin may take");
  public static final Setting<Duration> TIMEOUT =
      millis(
          "plugin-timeout-ms",
          "10000",
          1,
          600_000,
          "time that one call of a plugin may take, its waiting included");
  public static final Setting<Integer> MEMORY_PAGES =
      integer(
          "plugin-memory-pages",
          "<n>",
          "256",
          1,
          16_384,
          "pages of 64 KiB that a plugin may have in one call");
  public static final Setting<Integer> MODULE_BYTES =
      integer(
          "plugin-module-bytes",
          "<bytes>",
          "524288",
          1_024,
          1_400_000,
          "largest module of a plugin; parsed it takes some thirty times as much");
  public static final Setting<Integer> PAYLOAD_BYTES =
      integer(
          "plugin-payload-bytes",
          "<bytes>",
          "65536",
          1_024,
          1 << 20,
          "largest arguments and largest result of a plugin's tool");
  public static final Setting<Integer> STATE_KEYS =
      integer(
          "plugin-state-keys",
          "<n>",
          "1000",
          0,
          100_000,
          "keys that one plugin keeps for one tenant");
  public static final Setting<Integer> STATE_BYTES =
      integer(
          "plugin-state-bytes",
          "<bytes>",
          "1048576",
          0,
          64 << 20,
          "bytes of keys and values that one plugin keeps for one tenant");
  public static final Setting<Integer> MAX_INSTALLED =
      integer("max-plugins", "<n>", "100", 0, 1_000, "plugins on the platform");
  public static final Setting<Integer> MAX_ENABLED =
      integer("max-tenant-plugins", "<n>", "20", 0, 1_000, "plugins that one tenant enables");
  public static final Setting<Integer> MAX_WAITING =
      integer(
          "plugin-max-waiting",
          "<n>",
          "16",
          1,
          10_000,
          "calls of plugins that wait for one tenant on this node");

  static final List<Setting<?>> ALL =
      List.of(
          WORKERS,
          CPU,
          TIMEOUT,
          MEMORY_PAGES,
          MODULE_BYTES,
          PAYLOAD_BYTES,
          STATE_KEYS,
          STATE_BYTES,
          MAX_INSTALLED,
          MAX_ENABLED,
          MAX_WAITING);

  private PluginOptions() {}
}
