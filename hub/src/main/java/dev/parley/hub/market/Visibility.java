package dev.parley.hub.market;

import dev.parley.protocol.error.ParleyException;
import java.util.Locale;

/** Who finds a listing. */
public enum Visibility {
  /** Everybody, by search. */
  PUBLIC,
  /** Who knows its id. */
  UNLISTED;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  public String wireName() {
    return wireName;
  }

  /**
   * The visibility of this name.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code visibility}
   */
  public static Visibility of(String name) {
    for (Visibility visibility : values()) {
      if (visibility.wireName.equals(name)) {
        return visibility;
      }
    }
    throw ParleyException.invalid("visibility", "visibility must be public or unlisted");
  }
}
