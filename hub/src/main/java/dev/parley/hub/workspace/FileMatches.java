package dev.parley.hub.workspace;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was found.
 *
 * @param searched files that were looked at
 * @param skipped files that are too large or no text
 * @param after where to go on, null when all was looked at
 */
public record FileMatches(List<Match> matches, int searched, int skipped, @Nullable String after) {

  /**
   * One find.
   *
   * @param line from 1; 0 when only names were looked at
   * @param text the line, or the part of it around what was found
   */
  public record Match(String path, int line, String text) {}
}
