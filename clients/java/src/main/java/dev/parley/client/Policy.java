package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The limits the hub told this connection ({@code hello-ok.policy}).
 *
 * @param maxPayload largest frame the hub reads, bytes
 * @param tickIntervalMs how often the hub sends something, at least
 * @param maxInFlight requests of this connection that may be under way
 */
public record Policy(int maxPayload, long tickIntervalMs, int maxInFlight) {
  private static final int OPENCLAW_MAX_PAYLOAD = 26_214_400;

  static Policy of(JsonNode policy) {
    return new Policy(
        policy.path("maxPayload").asInt(OPENCLAW_MAX_PAYLOAD),
        Math.max(1, policy.path("tickIntervalMs").asLong(30_000)),
        Math.max(1, policy.path("maxInFlight").asInt(Integer.MAX_VALUE)));
  }
}
