package dev.parley.hub.switchboard;

import java.time.Duration;

/**
 * Bounds of calls.
 *
 * @param defaultTimeout how long a caller waits that does not say
 * @param maxTimeout how long it may ask to wait
 * @param defaultTtl how long a sent message may wait that does not say
 * @param maxHops how many agents may pass a piece of work on
 * @param maxInFlight calls in flight on this node
 */
public record SwitchboardSettings(
    Duration defaultTimeout,
    Duration maxTimeout,
    Duration defaultTtl,
    int maxHops,
    int maxInFlight) {

  public static SwitchboardSettings defaults() {
    return new SwitchboardSettings(
        Duration.ofSeconds(60), Duration.ofHours(1), Duration.ofDays(7), 8, 100_000);
  }
}
