package dev.parley.hub.channel;

import dev.parley.protocol.error.ParleyException;

/** Text that one tenant writes and another reads: one line, bounded, without control characters. */
final class Line {
  private Line() {}

  static void require(String field, String text, int maxLength) {
    if (text.length() > maxLength) {
      throw ParleyException.invalid(
          field, "%s must be at most %d characters".formatted(field, maxLength));
    }
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw ParleyException.invalid(field, field + " must not hold control characters");
    }
  }
}
