package dev.parley.hub.channel;

import dev.parley.protocol.error.ParleyException;
import java.util.Locale;

/** Which side of a channel pays for the model tokens that the called agent uses. */
public enum Payer {
  FROM,
  TO;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  public String wireName() {
    return wireName;
  }

  /**
   * The payer of this name.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code payer}
   */
  public static Payer of(String name) {
    for (Payer payer : values()) {
      if (payer.wireName.equals(name)) {
        return payer;
      }
    }
    throw ParleyException.invalid("payer", "payer must be from or to");
  }
}
