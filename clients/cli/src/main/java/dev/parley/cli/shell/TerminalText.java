package dev.parley.cli.shell;

import java.util.regex.Pattern;
import org.jline.utils.WCWidth;

/**
 * What others wrote, made safe to show: an agent of another tenant must not move the cursor, change
 * the window's title or hide text by control characters (ECMA-48) or bidirectional overrides.
 */
public final class TerminalText {
  private static final Pattern HARMFUL =
      Pattern.compile("[\\p{Cc}\\u202a-\\u202e\\u2066-\\u2069&&[^\\n\\t]]");

  private TerminalText() {}

  /** The text without what a terminal would act on; line feeds and tabs stay. */
  public static String of(String text) {
    return HARMFUL.matcher(text).replaceAll("\ufffd");
  }

  /** The same in one line. */
  public static String line(String text) {
    return of(text).replaceAll("[\\n\\t]+", " ");
  }

  /** How many columns of a terminal the text takes. */
  static int width(String text) {
    return text.codePoints().map(TerminalText::width).sum();
  }

  /** The text in at most {@code width} columns, with an ellipsis where something is left out. */
  static String fit(String text, int width) {
    if (width(text) <= width) {
      return text;
    }
    StringBuilder fitted = new StringBuilder();
    int used = 0;
    for (int c : text.codePoints().toArray()) {
      used += width(c);
      if (used > width - 1) {
        break;
      }
      fitted.appendCodePoint(c);
    }
    return fitted.append('…').toString();
  }

  private static int width(int codePoint) {
    return Math.max(0, WCWidth.wcwidth(codePoint));
  }
}
