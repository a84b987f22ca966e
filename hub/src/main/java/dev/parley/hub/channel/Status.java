package dev.parley.hub.channel;

import dev.parley.protocol.error.ParleyException;
import java.util.Locale;

/** Where a channel stands. */
public enum Status {
  /** One side has signed. */
  PROPOSED,
  /** Both have: calls may pass. */
  ACTIVE,
  /** One side has ended or declined it, or is no more. */
  REVOKED,
  /** Its time is over, or nobody accepted it in time. */
  EXPIRED;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  public String wireName() {
    return wireName;
  }

  /**
   * The status of this name.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code status}
   */
  public static Status of(String name) {
    for (Status status : values()) {
      if (status.wireName.equals(name)) {
        return status;
      }
    }
    throw ParleyException.invalid(
        "status", "status must be one of proposed, active, revoked, expired");
  }
}
