package dev.parley.hub.agent;

import java.time.Duration;

/**
 * Bounds of hosted agents.
 *
 * @param maxActive agents active on this node
 * @param idleTimeout without work after which an agent is passivated
 * @param maxConcurrentRuns conversations that one agent carries on at once
 * @param maxWaiting messages that wait for one agent
 * @param maxToolRounds how often a model may ask for tools in one run
 * @param contextRows rows of the conversation that the model is shown
 * @param contextChars characters of them
 * @param promptFileChars characters of SOUL.md and of AGENTS.md in the system prompt
 */
public record HostedSettings(
    int maxActive,
    Duration idleTimeout,
    int maxConcurrentRuns,
    int maxWaiting,
    int maxToolRounds,
    int contextRows,
    int contextChars,
    int promptFileChars) {

  public static HostedSettings defaults() {
    return new HostedSettings(200_000, Duration.ofMinutes(5), 8, 64, 8, 200, 60_000, 20_000);
  }
}
