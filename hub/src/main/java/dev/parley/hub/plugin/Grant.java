package dev.parley.hub.plugin;

import dev.parley.protocol.error.ParleyException;
import java.util.Locale;

/** What of the host a plugin may use. */
public enum Grant {
  /** Keep values under keys for the tenant. */
  STATE,
  /** Write lines to the log, under the tenant's name. */
  LOG;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  public String wireName() {
    return wireName;
  }

  /**
   * The grant of this name.
   *
   * @throws ParleyException {@code invalid_request}
   */
  static Grant of(String name) {
    for (Grant grant : values()) {
      if (grant.wireName.equals(name)) {
        return grant;
      }
    }
    throw ParleyException.invalid(
        "manifest", "this hub grants nothing of the name " + name + "; there are state and log");
  }
}
