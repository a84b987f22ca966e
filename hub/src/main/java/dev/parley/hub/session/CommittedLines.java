package dev.parley.hub.session;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.session.SessionRow.Segment;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a transcript from the last to the first: those of its segments up to their committed
 * lengths, and nothing that lies beyond. Blocks.
 */
final class CommittedLines implements AutoCloseable {
  private final OpenDirectory directory;
  private final List<Segment> segments;
  private final int maxLine;
  private final boolean lenient;
  private int left;
  private @Nullable FileChannel file;
  private @Nullable BackwardLines lines;
  private long read;

  /**
   * Places itself after the last line.
   *
   * @param lenient whether a segment that is not there is passed over
   */
  CommittedLines(OpenDirectory directory, List<Segment> segments, int maxLine, boolean lenient) {
    this.directory = directory;
    this.segments = segments;
    this.maxLine = maxLine;
    this.lenient = lenient;
    this.left = segments.size();
  }

  /**
   * The line before, without its line feed; null when there is none.
   *
   * @throws NoSuchFileException when its segment is not there
   */
  byte @Nullable [] previous() throws IOException {
    while (true) {
      byte[] line = lines == null ? null : lines.previous();
      if (line != null) {
        read += line.length + 1;
        return line;
      }
      if (left == 0) {
        return null;
      }
      open(segments.get(--left));
    }
  }

  /** Bytes of the lines given so far. */
  long read() {
    return read;
  }

  private void open(Segment segment) throws IOException {
    close();
    try {
      FileChannel opened = directory.open(segment.name(), StandardOpenOption.READ);
      file = opened;
      long end = segment.isWhole() ? opened.size() : Math.min(segment.length(), opened.size());
      lines = new BackwardLines(opened, end, maxLine);
    } catch (NoSuchFileException e) {
      if (!lenient && !segment.isWhole()) {
        throw e;
      }
    }
  }

  @Override
  public void close() throws IOException {
    lines = null;
    if (file != null) {
      file.close();
      file = null;
    }
  }
}
