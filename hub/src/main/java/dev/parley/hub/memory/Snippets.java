package dev.parley.hub.memory;

import java.util.Locale;

/** The part of a chunk that is shown: the chunk, or as much of it around the first word found. */
final class Snippets {
  static final int LONGEST = 700;
  private static final int BEFORE = 120;

  private Snippets() {}

  static String of(String chunk, String query) {
    String text = chunk.strip();
    if (text.length() <= LONGEST) {
      return text;
    }
    int begin = Math.max(0, Math.min(first(text, query) - BEFORE, text.length() - LONGEST));
    int end = Math.min(text.length(), begin + LONGEST);
    if (begin > 0 && Character.isLowSurrogate(text.charAt(begin))) {
      begin++;
    }
    if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    return (begin > 0 ? "…" : "") + text.substring(begin, end) + (end < text.length() ? "…" : "");
  }

  /** Where the first of the query's words stands that is longer than two letters; else 0. */
  private static int first(String text, String query) {
    String lower = text.toLowerCase(Locale.ROOT);
    int first = Integer.MAX_VALUE;
    for (String word : query.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+", -1)) {
      int at = word.length() > 2 ? lower.indexOf(word) : -1;
      if (at >= 0) {
        first = Math.min(first, at);
      }
    }
    return first == Integer.MAX_VALUE ? 0 : Math.min(first, text.length());
  }
}
