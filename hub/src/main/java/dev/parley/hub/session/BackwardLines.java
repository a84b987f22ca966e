package dev.parley.hub.session;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a file from the last to the first. What follows the last line feed is a line torn by
 * a crash, or one being written, and is not shown. Blocks.
 */
final class BackwardLines {
  private static final int CHUNK = 64 << 10;

  private final FileChannel file;
  private final int maxLine;
  private byte[] buffer = new byte[0];
  private long bufferAt;
  private int unread;
  private long position;

  /**
   * Places itself after the last whole line.
   *
   * @param end where the file ends for this reader
   * @param maxLine in bytes; a longer line fails
   */
  BackwardLines(FileChannel file, long end, int maxLine) throws IOException {
    this.file = file;
    this.maxLine = maxLine;
    bufferAt = end;
    position = end;
    skipTorn();
  }

  private void skipTorn() throws IOException {
    int feed = lastFeed();
    unread = feed + 1;
    position = bufferAt + unread;
  }

  /** Where the line shown last begins; before the first, where the last whole line ends. */
  long position() {
    return position;
  }

  /** The line before, without its line feed; null when there is none. */
  byte @Nullable [] previous() throws IOException {
    if (position == 0) {
      return null;
    }
    unread--;
    int feed = lastFeed();
    byte[] line = Arrays.copyOfRange(buffer, feed + 1, unread);
    unread = feed + 1;
    position = bufferAt + unread;
    return line;
  }

  /** The index of the last line feed before {@code unread}, reading on as needed; -1 for none. */
  private int lastFeed() throws IOException {
    int searched = unread;
    while (true) {
      for (int i = searched - 1; i >= 0; i--) {
        if (buffer[i] == '\n') {
          return i;
        }
      }
      if (bufferAt == 0) {
        return -1;
      }
      if (unread > maxLine) {
        throw new IOException("a line is longer than " + maxLine + " bytes");
      }
      searched = readBefore();
    }
  }

  /** Puts what is before the buffer in front of what is unread; answers how much that is. */
  private int readBefore() throws IOException {
    int length = (int) Math.min(CHUNK, bufferAt);
    byte[] longer = new byte[length + unread];
    ByteBuffer chunk = ByteBuffer.wrap(longer, 0, length);
    while (chunk.hasRemaining()) {
      if (file.read(chunk, bufferAt - chunk.remaining()) < 0) {
        throw new IOException("the file became shorter while it was read");
      }
    }
    System.arraycopy(buffer, 0, longer, length, unread);
    buffer = longer;
    bufferAt -= length;
    unread += length;
    return length;
  }
}
