package dev.parley.protocol.address;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Identifies a message. Ids made here are UUIDs of version 7 (RFC 9562, section 5.7): they sort by
 * time and are unique, but are no secret: nothing is granted for knowing one.
 *
 * @param value 1 to 64 ASCII letters, digits, {@code -}, {@code _} or {@code .}, not beginning with
 *     a dot, so that no id is a path of its own ({@code ..})
 */
public record MessageId(String value) {
  private static final int MAX_LENGTH = 64;
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  /**
   * Validates the id.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code messageId}
   */
  public MessageId {
    if (!isValid(value)) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              ("messageId must be 1 to %d ASCII letters, digits, '-', '_' or '.', and not begin"
                      + " with a dot, got %s")
                  .formatted(MAX_LENGTH, Names.printable(value)))
          .with("field", "messageId");
    }
  }

  /** A new id, ordered by time to the millisecond. */
  public static MessageId next() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long high = (System.currentTimeMillis() << 16) | 0x7000 | random.nextInt(0x1000);
    long low = (random.nextLong() & 0x3fffffffffffffffL) | 0x8000000000000000L;
    char[] text = new char[36];
    int at = 0;
    for (int digit = 0; digit < 32; digit++) {
      if (digit == 8 || digit == 12 || digit == 16 || digit == 20) {
        text[at++] = '-';
      }
      long half = digit < 16 ? high : low;
      text[at++] = HEX[(int) (half >>> (60 - 4 * (digit & 15))) & 15];
    }
    return new MessageId(new String(text));
  }

  private static boolean isValid(String value) {
    int length = value.length();
    if (length == 0 || length > MAX_LENGTH || value.charAt(0) == '.') {
      return false;
    }
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      boolean allowed =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '-'
              || c == '_'
              || c == '.';
      if (!allowed) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return value;
  }
}
