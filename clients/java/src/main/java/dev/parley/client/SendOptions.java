package dev.parley.client;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a message is sent. Start from {@link #defaults()}.
 *
 * @param from the own agent to send as; null for the tenant, or the agent this connection is
 * @param conversation messages of one conversation are handled in order; null for one of its own
 * @param messageId by which the hub tells the same message when it is sent again; null for a new
 *     one
 * @param ttl how long it may wait for its agent; null for the hub's default
 * @param parent the message being handled that causes this one, or null
 */
public record SendOptions(
    @Nullable String from,
    @Nullable String conversation,
    @Nullable String messageId,
    @Nullable Duration ttl,
    Priority priority,
    @Nullable String parent) {
  private static final SendOptions DEFAULTS =
      new SendOptions(null, null, null, null, Priority.NORMAL, null);

  /** Which conversations of a mailbox go first. */
  public enum Priority {
    HIGH,
    NORMAL,
    LOW;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A conversation of its own, a new id, the hub's time to live, normal priority. */
  public static SendOptions defaults() {
    return DEFAULTS;
  }

  public SendOptions from(String agent) {
    return new SendOptions(agent, conversation, messageId, ttl, priority, parent);
  }

  public SendOptions conversation(String name) {
    return new SendOptions(from, name, messageId, ttl, priority, parent);
  }

  public SendOptions messageId(String id) {
    return new SendOptions(from, conversation, id, ttl, priority, parent);
  }

  public SendOptions ttl(Duration time) {
    return new SendOptions(from, conversation, messageId, time, priority, parent);
  }

  public SendOptions priority(Priority which) {
    return new SendOptions(from, conversation, messageId, ttl, which, parent);
  }

  SendOptions parent(String message) {
    return new SendOptions(from, conversation, messageId, ttl, priority, message);
  }
}
