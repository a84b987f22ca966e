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
 * @param window how many pieces of a streamed reply may come ahead of its listener, 1 to 65536
 */
public record CallOptions(
    @Nullable String from,
    @Nullable String conversation,
    Duration timeout,
    @Nullable String messageId,
    @Nullable String parent,
    int window) {
  private static final int DEFAULT_WINDOW = 64;

  private static final CallOptions DEFAULTS =
      new CallOptions(null, null, Duration.ofSeconds(60), null, null, DEFAULT_WINDOW);

  /** A new conversation, 60 s, sent at most once, 64 pieces ahead. */
  public static CallOptions defaults() {
    return DEFAULTS;
  }

  public CallOptions from(String agent) {
    return new CallOptions(agent, conversation, timeout, messageId, parent, window);
  }

  public CallOptions conversation(String name) {
    return new CallOptions(from, name, timeout, messageId, parent, window);
  }

  public CallOptions timeout(Duration time) {
    return new CallOptions(from, conversation, time, messageId, parent, window);
  }

  public CallOptions messageId(String id) {
    return new CallOptions(from, conversation, timeout, id, parent, window);
  }

  public CallOptions window(int pieces) {
    return new CallOptions(from, conversation, timeout, messageId, parent, pieces);
  }

  CallOptions parent(String message) {
    return new CallOptions(from, conversation, timeout, messageId, message, window);
  }
}
