package dev.parley.hub.plugin;

import java.time.Duration;

/**
 * Bounds of plugins.
 *
 * @param workers threads that run plugins on this node
 * @param cpu time of a thread that one call may take
 * @param timeout of one call, its waiting and what it waits for included
 * @param memoryPages most pages of 64 KiB that an instance may have
 * @param moduleBytes largest module that can be installed
 * @param payloadBytes largest arguments and largest result of a call, as JSON in UTF-8
 * @param stateKeys most keys that a plugin keeps for one tenant
 * @param stateBytes most bytes of keys and values that it keeps
 * @param maxInstalled plugins on the platform
 * @param maxEnabled plugins of one tenant
 * @param maxWaiting calls of one tenant that wait for a thread
 */
public record PluginSettings(
    int workers,
    Duration cpu,
    Duration timeout,
    int memoryPages,
    int moduleBytes,
    int payloadBytes,
    int stateKeys,
    int stateBytes,
    int maxInstalled,
    int maxEnabled,
    int maxWaiting) {

  public static PluginSettings defaults() {
    return new PluginSettings(
        2,
        Duration.ofSeconds(1),
        Duration.ofSeconds(10),
        256,
        512 << 10,
        64 << 10,
        1_000,
        1 << 20,
        100,
        20,
        16);
  }
}
