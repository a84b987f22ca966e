package dev.parley.cli;

import java.util.regex.Pattern;

/**
 * What others wrote, made safe to show: an agent of another tenant must not move the cursor, change
 * the window's title or hide text by control characters (ECMA-48) or bidirectional overrides.
 */
final class TerminalText {
  private static final Pattern HARMFUL =
      Pattern.compile("[\\p{Cc}\\u202a-\\u202e\\u2066-\\u2069&&[^\\n\\t]]");

  private TerminalText() {}

  /** The text without what a terminal would act on; line feeds and tabs stay. */
  static String of(String text) {
    return HARMFUL.matcher(text).replaceAll("\ufffd");
  }

  /** The same in one line. */
  static String line(String text) {
    return of(text).replaceAll("[\\n\\t]+", " ");
  }
}
