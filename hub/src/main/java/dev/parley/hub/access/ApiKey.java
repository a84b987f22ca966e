package dev.parley.hub.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.protocol.address.AgentId;
import org.jspecify.annotations.Nullable;

/**
 * An API key as it is stored: without the secret. Property names are short because every tenant has
 * one of these in Redis.
 *
 * @param role wire name of the {@link Role}
 * @param agent id of the agent that a key of role agent is for
 * @param hash SHA-256 of the whole key, base64url without padding
 * @param createdAt epoch milliseconds
 * @param expiresAt epoch milliseconds, or null
 * @param revokedAt epoch milliseconds, or null
 * @param ttlMs how long it was made for, which its successor is too; null for no end
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ApiKey(
    @JsonProperty("n") String name,
    @JsonProperty("r") String role,
    @JsonProperty("a") @Nullable String agent,
    @JsonProperty("h") String hash,
    @JsonProperty("c") long createdAt,
    @JsonProperty("x") @Nullable Long expiresAt,
    @JsonProperty("v") @Nullable Long revokedAt,
    @JsonProperty("t") @Nullable Long ttlMs) {

  boolean validAt(long now) {
    return revokedAt == null && (expiresAt == null || now < expiresAt);
  }

  ApiKey expiringAt(long time) {
    Long end = expiresAt == null ? Long.valueOf(time) : Long.valueOf(Math.min(expiresAt, time));
    return new ApiKey(name, role, agent, hash, createdAt, end, revokedAt, ttlMs);
  }

  ApiKey revokedAt(long time) {
    return new ApiKey(name, role, agent, hash, createdAt, expiresAt, time, ttlMs);
  }

  @Nullable AgentId agentId() {
    return agent == null ? null : new AgentId(agent);
  }
}
