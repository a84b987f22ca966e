package dev.parley.hub.gateway.operation;

import dev.parley.protocol.error.ParleyException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file.
 *
 * @param end behind its last byte
 */
record ByteRange(long start, long end) {
  private static final Pattern ONE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

  long length() {
    return end - start;
  }

  /**
   * Reads the header Range (RFC 9110, section 14).
   *
   * @return null when it is to be ignored: there is none, or it is not one range of bytes
   * @throws ParleyException {@code invalid_request} when nothing of the file is in it
   */
  static @Nullable ByteRange of(String range, long size) {
    Matcher one = ONE.matcher(range.strip());
    if (!one.matches() || (one.group(1).isEmpty() && one.group(2).isEmpty())) {
      return null;
    }
    boolean isSuffix = one.group(1).isEmpty();
    long first = isSuffix ? 0 : Long.parseLong(one.group(1));
    long last = one.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(one.group(2));
    if (last < first) {
      return null;
    }
    long start = isSuffix ? Math.max(0, size - last) : first;
    long end = isSuffix || last >= size ? size : last + 1;
    if (start >= end) {
      throw ParleyException.invalid(
              "range", "nothing of the file is in %s; it has %d bytes".formatted(range, size))
          .with("size", size);
    }
    return new ByteRange(start, end);
  }
}
