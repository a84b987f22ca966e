package dev.parley.protocol.envelope;

import dev.parley.protocol.error.ParleyException;
import java.util.Locale;

/** How the sender wants to be answered. */
public enum Kind {
  /** One reply before the deadline. */
  CALL,
  /** Ordered chunks, then one reply, before the deadline. */
  STREAM,
  /** None: the message lies in the receiver's mailbox until it is handled. */
  SEND;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  /**
   * The kind with this name.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code kind}
   */
  public static Kind of(String wireName) {
    for (Kind kind : values()) {
      if (kind.wireName.equals(wireName)) {
        return kind;
      }
    }
    throw ParleyException.invalid("kind", "kind must be call, stream or send");
  }

  public String wireName() {
    return wireName;
  }
}
