package dev.parley.protocol.envelope;

import java.util.Locale;

/** How the sender wants to be answered. */
public enum Kind {
  /** One reply before the deadline. */
  CALL,
  /** Ordered chunks, then one reply, before the deadline. */
  STREAM;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  public String wireName() {
    return wireName;
  }
}
