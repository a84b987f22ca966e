package dev.parley.hub.switchboard;

import dev.parley.protocol.address.Target;
import dev.parley.protocol.envelope.Envelope;
import org.jspecify.annotations.Nullable;

/**
 * A message that was sent and admitted.
 *
 * @param envelope its deadline is when the message expires
 * @param target as the sender wrote it
 * @param channel by which it was admitted, null inside a tenant
 * @param keyId of the key that sent it
 * @param ttlMs as the sender wrote it, 0 for the default
 * @param acceptedAt epoch milliseconds
 */
public record Mail(
    Envelope envelope,
    Target target,
    Priority priority,
    @Nullable String channel,
    String keyId,
    long ttlMs,
    long acceptedAt) {

  /** Which conversations of a mailbox go first. */
  public enum Priority {
    HIGH(-3_600_000),
    NORMAL(0),
    LOW(3_600_000);

    private final long headStartMs;

    Priority(long headStartMs) {
      this.headStartMs = headStartMs;
    }

    /** The place in the order of a mailbox: the time of acceptance, an hour earlier or later. */
    public long rank(long acceptedAt) {
      return acceptedAt + headStartMs;
    }

    public String wireName() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The priority of this name; the contract admits no other. */
    public static Priority of(String wireName) {
      return valueOf(wireName.toUpperCase(java.util.Locale.ROOT));
    }
  }
}
