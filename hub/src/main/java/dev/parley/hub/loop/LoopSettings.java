package dev.parley.hub.loop;

import java.time.Duration;

/**
 * Bounds of the loop breaker.
 *
 * @param repeats messages of an edge that said nothing new, among the last {@code repeats + 2},
 *     from which on it may be part of a loop; at most 62
 * @param window silence after which an edge starts afresh
 * @param fanOut messages that one message may lead its agent to
 * @param chainMessages messages that one message may lead to over all agents, on one node
 * @param refusals refusals of chains within the window that open an edge
 * @param spendPerMinute millicents that the calls of an edge may cost its caller in a minute
 * @param pause how long an edge stays open the first time; doubles each time
 * @param maxPause the longest pause
 * @param probes good messages that close a half-open edge, and bad ones that open it again
 * @param maxEdges edges watched on this node
 * @param maxTenantEdges of these, edges from agents of one tenant
 */
public record LoopSettings(
    int repeats,
    Duration window,
    int fanOut,
    int chainMessages,
    int refusals,
    long spendPerMinute,
    Duration pause,
    Duration maxPause,
    int probes,
    int maxEdges,
    int maxTenantEdges) {

  public static LoopSettings defaults() {
    return new LoopSettings(
        8,
        Duration.ofMinutes(5),
        1_000,
        10_000,
        3,
        1_000_000,
        Duration.ofSeconds(30),
        Duration.ofMinutes(15),
        3,
        65_536,
        4_096);
  }
}
