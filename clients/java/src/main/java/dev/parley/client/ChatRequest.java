package dev.parley.client;

import dev.parley.protocol.address.MessageId;
import java.time.Duration;

/**
 * A message to an own agent.
 *
 * @param agent the agent's id, for example {@code main}
 * @param session names the conversation; {@code main} is the one that other clients show first
 * @param idempotencyKey becomes the run id; the same key again is the same run
 * @param timeout how long the run may take
 */
public record ChatRequest(
    String agent, String session, String message, String idempotencyKey, Duration timeout) {

  /** A message to the main session of an agent; the run may take ten minutes. */
  public static ChatRequest of(String agent, String message) {
    return new ChatRequest(
        agent, "main", message, MessageId.next().value(), Duration.ofMinutes(10));
  }

  public ChatRequest session(String name) {
    return new ChatRequest(agent, name, message, idempotencyKey, timeout);
  }

  public ChatRequest timeout(Duration time) {
    return new ChatRequest(agent, session, message, idempotencyKey, time);
  }

  /** The session as the hub names it. */
  public String sessionKey() {
    return session.startsWith("agent:") ? session : "agent:" + agent + ":" + session;
  }
}
