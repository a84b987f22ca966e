package dev.parley.hub.workspace;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A path inside a workspace: names joined by {@code /}, each of ASCII letters, digits, space and
 * {@code - _ . ( ) +}, not beginning or ending with a space, not {@code .} or {@code ..}, not
 * beginning with {@code .parley}. The narrow alphabet leaves no second spelling of a name (Unicode
 * normalisation, other separators, device names with colons) and no character that needs quoting.
 *
 * @param names at least one, except for {@link #ROOT}
 */
record WorkspacePath(List<String> names) {
  static final WorkspacePath ROOT = new WorkspacePath(List.of());

  static final int MAX_LENGTH = 512;
  static final int MAX_DEPTH = 16;
  private static final int MAX_NAME = 255;
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9_.()+-](?:[A-Za-z0-9 _.()+-]*[A-Za-z0-9_.()+-])?");

  /**
   * The path of a file.
   *
   * @throws ParleyException {@code invalid_request} with field {@code path}
   */
  static WorkspacePath ofFile(String path) {
    if (path.isEmpty()) {
      throw invalid("the path is empty; name a file, for example notes/today.md");
    }
    if (path.length() > MAX_LENGTH) {
      throw invalid(
          "the path has %d characters; at most %d are allowed"
              .formatted(path.length(), MAX_LENGTH));
    }
    List<String> names = List.of(path.split("/", -1));
    if (names.size() > MAX_DEPTH) {
      throw invalid(
          "the path is %d levels deep; at most %d are allowed".formatted(names.size(), MAX_DEPTH));
    }
    names.forEach(WorkspacePath::requireName);
    return new WorkspacePath(names);
  }

  /** The path of a directory; the empty path is the workspace itself. */
  static WorkspacePath ofDirectory(String path) {
    return path.isEmpty() ? ROOT : ofFile(path);
  }

  /** Whether a name on disk is one that a path can hold; others are not listed. */
  static boolean isName(String name) {
    return NAME.matcher(name).matches()
        && name.length() <= MAX_NAME
        && !name.equals(".")
        && !name.equals("..")
        && !isReserved(name);
  }

  private static boolean isReserved(String name) {
    String prefix = OpenDirectory.RESERVED_PREFIX;
    return name.regionMatches(true, 0, prefix, 0, prefix.length());
  }

  private static void requireName(String name) {
    if (isReserved(name)) {
      throw invalid("names that begin with .parley belong to the hub; choose another name");
    }
    if (!isName(name)) {
      throw invalid(
          "the path must be names joined by /, relative to the workspace, each of 1 to %d ASCII "
                  .formatted(MAX_NAME)
              + "letters, digits, inner spaces or - _ . ( ) + and not . or ..");
    }
  }

  static ParleyException invalid(String message) {
    return ParleyException.invalid("path", message);
  }

  /** The names of the directories above. */
  List<String> parents() {
    return names.subList(0, names.size() - 1);
  }

  String last() {
    return names.get(names.size() - 1);
  }

  /** Whether this is the other path or leads through it. */
  boolean isWithin(WorkspacePath other) {
    return depth() >= other.depth() && names.subList(0, other.depth()).equals(other.names);
  }

  int depth() {
    return names.size();
  }

  @Override
  public String toString() {
    return String.join("/", names);
  }
}
