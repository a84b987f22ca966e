package dev.parley.cli.connect;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads lines and never holds more of one than the limit. */
final class BoundedLines {
  private final InputStream in;
  private final int maxBytes;

  /**
   * A line, or the beginning of one that is too long; the rest of it has been skipped.
   *
   * @param whole false for a line that is too long
   */
  record Line(String text, boolean whole) {}

  BoundedLines(InputStream in, int maxBytes) {
    this.in = new BufferedInputStream(in, 64 << 10);
    this.maxBytes = maxBytes;
  }

  /** The next line; null at the end. Blocks. */
  @Nullable Line next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    boolean whole = true;
    int next = in.read();
    if (next < 0) {
      return null;
    }
    for (; next >= 0 && next != '\n'; next = in.read()) {
      if (line.size() < maxBytes) {
        line.write(next);
      } else {
        whole = false;
      }
    }
    return new Line(line.toString(StandardCharsets.UTF_8), whole);
  }
}
