package dev.parley.hub.model;

import io.vertx.core.buffer.Buffer;

/**
 * Cuts a response that arrives in arbitrary chunks after its last whole event, so that a parser
 * that wants to read to the end can be given what is complete without ever waiting.
 */
final class EventSplitter {
  /** Server-sent events end with an empty line; newline-delimited JSON ends with the line. */
  enum Framing {
    EMPTY_LINE,
    LINE
  }

  private final Framing framing;
  private final int mostBytes;
  private Buffer rest = Buffer.buffer();

  /**
   * Makes a splitter.
   *
   * @param mostBytes the most that an unfinished event may hold
   */
  EventSplitter(Framing framing, int mostBytes) {
    this.framing = framing;
    this.mostBytes = mostBytes;
  }

  /** The whole events up to here, empty when there are none; the rest is kept. */
  byte[] add(Buffer chunk) {
    int searchedTo = Math.max(0, rest.length() - 3);
    Buffer all = rest.appendBuffer(chunk);
    int end = endOfLastEvent(all, searchedTo);
    rest = end == 0 ? all : all.getBuffer(end, all.length());
    return all.getBytes(0, end);
  }

  boolean overflows() {
    return rest.length() > mostBytes;
  }

  /** What is left when the response has ended. */
  byte[] rest() {
    byte[] left = rest.getBytes();
    rest = Buffer.buffer();
    return left;
  }

  private int endOfLastEvent(Buffer all, int searchedTo) {
    for (int i = all.length() - 1; i >= searchedTo; i--) {
      if (all.getByte(i) == '\n' && (framing == Framing.LINE || endsEmptyLine(all, i))) {
        return i + 1;
      }
    }
    return 0;
  }

  private static boolean endsEmptyLine(Buffer all, int newline) {
    int before = newline - 1;
    if (before >= 0 && all.getByte(before) == '\r') {
      before--;
    }
    return before >= 0 && all.getByte(before) == '\n';
  }
}
