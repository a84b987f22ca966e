package dev.parley.protocol.address;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;

/** The grammar of names: {@code [a-z0-9]+(-[a-z0-9]+)*}, 1 to 40 characters. */
final class Names {
  static final int MAX_LENGTH = 40;

  private Names() {}

  static String requireName(String what, String value) {
    if (!isName(value)) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "%s must be 1 to %d lowercase ASCII letters, digits or single inner hyphens, got %s"
                  .formatted(what, MAX_LENGTH, printable(value)))
          .with("field", what);
    }
    return value;
  }

  static boolean isName(String value) {
    int length = value.length();
    if (length == 0 || length > MAX_LENGTH) {
      return false;
    }
    boolean previousIsHyphen = true;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      boolean alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      if (!alphanumeric && (c != '-' || previousIsHyphen)) {
        return false;
      }
      previousIsHyphen = c == '-';
    }
    return !previousIsHyphen;
  }

  /** Quotes a hostile value for an error message: printable ASCII only, at most 60 characters. */
  static String printable(String value) {
    StringBuilder quoted = new StringBuilder("\"");
    int shown = Math.min(value.length(), 60);
    for (int i = 0; i < shown; i++) {
      char c = value.charAt(i);
      quoted.append(c >= ' ' && c < 127 && c != '"' ? c : '?');
    }
    return quoted.append(shown < value.length() ? "…\"" : "\"").toString();
  }
}
