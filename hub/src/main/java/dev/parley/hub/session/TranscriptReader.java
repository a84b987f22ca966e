package dev.parley.hub.session;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a transcript from its end. Blocks; reads no further back than needed. */
final class TranscriptReader {
  private static final int MIN_CHARS = 100;

  private final @Nullable CommittedLines lines;

  /**
   * Reads these lines.
   *
   * @param lines null for a transcript that was never written
   */
  TranscriptReader(@Nullable CommittedLines lines) {
    this.lines = lines;
  }

  /**
   * Some rows, in the order they were written.
   *
   * @param total rows since the last reset, that row included
   * @param nextOffset of the page before; -1 when there is none
   */
  record Page(List<TranscriptRow> rows, long total, long nextOffset) {
    static final Page EMPTY = new Page(List.of(), 0, -1);
  }

  /**
   * The newest rows after leaving out {@code offset}; as many as fit into {@code maxChars} of JSON,
   * at least one, which is then shortened.
   */
  Page page(int limit, long offset, int maxChars) throws IOException {
    TranscriptLine line = next();
    if (line == null) {
      return Page.EMPTY;
    }
    long newest = line.seq();
    long first = Math.max(1, line.since());
    long upper = newest - offset;
    long lower = Math.max(first, upper - limit + 1);
    List<TranscriptRow> rows = new ArrayList<>();
    int chars = 0;
    long oldest = Math.max(upper + 1, first);
    for (; line != null && line.seq() >= lower; line = next()) {
      TranscriptRow row = line.row();
      if (row == null || row.seq() > upper) {
        continue;
      }
      int length = row.toJson().toString().length();
      if (chars + length > maxChars) {
        if (!rows.isEmpty()) {
          break;
        }
        row = row.shortened(Math.max(MIN_CHARS, maxChars - MIN_CHARS));
      }
      chars += length;
      rows.add(row);
      oldest = row.seq();
    }
    Collections.reverse(rows);
    boolean more = !rows.isEmpty() && oldest > first;
    return new Page(rows, newest - first + 1, more ? newest - oldest + 1 : -1);
  }

  /**
   * The newest rows since the last reset for a model to read: without that row, at most {@code
   * maxRows}, and no more than fit into {@code maxChars} of text except for the newest. A tool's
   * result is left out when what it answers is.
   */
  List<TranscriptRow> context(int maxRows, int maxChars) throws IOException {
    List<TranscriptRow> rows = new ArrayList<>();
    int chars = 0;
    TranscriptLine line = next();
    long since = line == null ? 0 : line.since();
    for (; line != null && line.seq() > since && rows.size() < maxRows; line = next()) {
      TranscriptRow row = line.row();
      if (row == null) {
        continue;
      }
      chars += row.content().toString().length();
      if (chars > maxChars && !rows.isEmpty()) {
        break;
      }
      rows.add(row);
    }
    Collections.reverse(rows);
    int start = 0;
    while (start < rows.size() && rows.get(start).role() == RowRole.TOOL_RESULT) {
      start++;
    }
    return List.copyOf(rows.subList(start, rows.size()));
  }

  /** The line before that can be read; a damaged one in the middle is passed over. */
  private @Nullable TranscriptLine next() throws IOException {
    if (lines == null) {
      return null;
    }
    byte[] bytes;
    while ((bytes = lines.previous()) != null) {
      TranscriptLine line = TranscriptLine.of(bytes);
      if (line != null) {
        return line;
      }
    }
    return null;
  }
}
