package dev.parley.protocol.error;

/** Why the hub closes a WebSocket (codes of RFC 6455, section 7.4.1), and whether to come back. */
public enum CloseCode {
  /** Nothing is wrong. */
  NORMAL(1000, false),
  /** The frames are no protocol this hub speaks: binary frames, or another version. */
  PROTOCOL_ERROR(1002, false),
  /** The text is no UTF-8. */
  INVALID_TEXT(1007, false),
  /** Not authenticated, revoked, suspended, or too slow to read what was sent to it. */
  POLICY_VIOLATION(1008, false),
  /** A frame larger than the hard limit; its request cannot be identified. */
  TOO_BIG(1009, false),
  /** The hub restarts: reconnect after a moment. */
  SERVICE_RESTART(1012, true),
  /** The hub is starting or overloaded: reconnect after a moment. */
  TRY_AGAIN_LATER(1013, true);

  private final int code;
  private final boolean reconnect;

  CloseCode(int code, boolean reconnect) {
    this.code = code;
    this.reconnect = reconnect;
  }

  public short code() {
    return (short) code;
  }

  /** Whether a client should connect again without a person's help. */
  public boolean reconnect() {
    return reconnect;
  }
}
