package dev.parley.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a call is made. Start from {@link #defaults()}.
 *
 * @param from the own agent to call as; null for the tenant, or the agent this connection is
 * @param conversation groups messages; null for a new one
 * @param timeout how long to wait for the reply
 * @param messageId makes a repeated call recognisable, so that it is sent again after a reconnect;
 *     null for a call that is sent at most once
 * @param parent the message being handled that causes this call, or null
 */
public record CallOptions(
    @Nullable String from,
    @Nullable String conversation,
    Duration timeout,
    @Nullable String messageId,
    @Nullable String parent) {
  private static final CallOptions DEFAULTS =
      new CallOptions(null, null, Duration.ofSeconds(60), null, null);

  /** A new conversation, 60 s, sent at most once. */
  public static CallOptions defaults() {
    return DEFAULTS;
  }

  public CallOptions from(String agent) {
    return new CallOptions(agent, conversation, timeout, messageId, parent);
  }

  public CallOptions conversation(String name) {
    return new CallOptions(from, name, timeout, messageId, parent);
  }

  public CallOptions timeout(Duration time) {
    return new CallOptions(from, conversation, time, messageId, parent);
  }

  public CallOptions messageId(String id) {
    return new CallOptions(from, conversation, timeout, id, parent);
  }

  CallOptions parent(String message) {
    return new CallOptions(from, conversation, timeout, messageId, message);
  }
}
