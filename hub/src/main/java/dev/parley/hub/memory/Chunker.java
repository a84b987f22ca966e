package dev.parley.hub.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts Markdown into chunks at line ends, where a heading begins if there is one in time. Nothing
 * is left out but chunks of white space, nothing is in two, and a chunk is never longer than
 * {@value #LONGEST} characters: a line that is gets cut at a space, or else between characters.
 */
final class Chunker {
  static final int LONGEST = 1_600;

  /** A heading ends a chunk that has as much, so that a text of headings is not many chunks. */
  private static final int ENOUGH = 400;

  private final List<Chunk> chunks = new ArrayList<>();
  private final StringBuilder open = new StringBuilder();
  private int startLine = 1;
  private int endLine = 1;

  private Chunker() {}

  static List<Chunk> chunks(String text) {
    Chunker chunker = new Chunker();
    int line = 1;
    int at = 0;
    while (at < text.length()) {
      int end = text.indexOf('\n', at);
      int next = end < 0 ? text.length() : end + 1;
      chunker.line(text.substring(at, next), line++);
      at = next;
    }
    chunker.close();
    return chunker.chunks;
  }

  private void line(String line, int number) {
    boolean heading = line.startsWith("#") && open.length() >= ENOUGH;
    if (heading || open.length() + line.length() > LONGEST) {
      close();
    }
    String rest = line;
    while (rest.length() > LONGEST) {
      int cut = cut(rest);
      add(rest.substring(0, cut), number);
      close();
      rest = rest.substring(cut);
    }
    add(rest, number);
  }

  private void add(String piece, int number) {
    if (open.isEmpty()) {
      startLine = number;
    }
    open.append(piece);
    endLine = number;
  }

  private static int cut(String line) {
    for (int i = LONGEST; i > LONGEST / 2; i--) {
      if (Character.isWhitespace(line.charAt(i - 1))) {
        return i;
      }
    }
    return Character.isHighSurrogate(line.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
  }

  private void close() {
    String text = open.toString();
    if (!text.isBlank()) {
      chunks.add(new Chunk(chunks.size(), startLine, endLine, text));
    }
    open.setLength(0);
  }
}
