package dev.parley.client;

import dev.parley.protocol.error.ParleyException;
import java.nio.charset.StandardCharsets;

/** What is sent is UTF-8, which has no form for half a surrogate pair. */
final class Utf8 {
  private Utf8() {}

  /**
   * The length of {@code text} in UTF-8, counted without making the bytes.
   *
   * @throws ParleyException {@code invalid_request} when it has half of a surrogate pair
   */
  static long length(String text) {
    long bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes++;
      } else if (c < 0x800) {
        bytes += 2;
      } else if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        bytes += 4;
        i++;
      } else if (Character.isSurrogate(c)) {
        throw ParleyException.invalid(
            "payload",
            "the text is no Unicode: at index %d it has half of a surrogate pair, U+%04X"
                .formatted(i, (int) c));
      } else {
        bytes += 3;
      }
    }
    return bytes;
  }

  /** The text with a question mark in place of each half of a surrogate pair. */
  static String sendable(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
