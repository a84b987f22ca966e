package dev.parley.hub.market;

import dev.parley.protocol.error.ParleyException;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A semantic version without pre-release and build: {@code major.minor.patch}. */
public record Version(int major, int minor, int patch) implements Comparable<Version> {
  private static final String NUMBER = "(0|[1-9][0-9]{0,8})";
  private static final Pattern PATTERN =
      Pattern.compile(String.join("\\.", NUMBER, NUMBER, NUMBER));
  private static final Comparator<Version> ORDER =
      Comparator.comparingInt(Version::major)
          .thenComparingInt(Version::minor)
          .thenComparingInt(Version::patch);

  private static final int MOST = 999_999_999;

  static final Version FIRST = new Version(1, 0, 0);

  /**
   * Validates the numbers.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code version}
   */
  public Version {
    if (Math.min(major, Math.min(minor, patch)) < 0
        || Math.max(major, Math.max(minor, patch)) > MOST) {
      throw ParleyException.invalid("version", "the numbers of a version are 0 to " + MOST);
    }
  }

  /**
   * Reads {@code major.minor.patch}, numbers of up to 9 digits without leading zeros.
   *
   * @throws ParleyException {@code invalid_request} naming the field {@code version}
   */
  public static Version parse(String text) {
    Matcher matcher = PATTERN.matcher(text);
    if (!matcher.matches()) {
      throw ParleyException.invalid(
          "version",
          "version must be major.minor.patch, numbers of up to 9 digits without leading zeros");
    }
    return new Version(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        Integer.parseInt(matcher.group(3)));
  }

  Version nextMinor() {
    return new Version(major, minor + 1, 0);
  }

  @Override
  public int compareTo(Version other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
