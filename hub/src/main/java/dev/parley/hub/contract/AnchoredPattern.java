package dev.parley.hub.contract;

import com.networknt.schema.regex.RegularExpression;
import java.util.regex.Pattern;

/**
 * A {@code pattern} of the contract. The regular expressions are ours, their input is not: {@code
 * java.util.regex} recurses on repeated groups and backtracks, so a value longer than {@value
 * #MAX_INPUT} characters never reaches it and does not match. Only anchored patterns are taken, and
 * {@code $} means the end of the value, not also the place before a last line feed.
 */
final class AnchoredPattern implements RegularExpression {
  static final int MAX_INPUT = 512;

  private final Pattern pattern;

  AnchoredPattern(String regex) {
    if (!regex.startsWith("^") || !regex.endsWith("$")) {
      throw new IllegalStateException("a pattern of the contract is not anchored: " + regex);
    }
    pattern = Pattern.compile(regex.substring(1, regex.length() - 1));
  }

  @Override
  public boolean matches(String value) {
    return value.length() <= MAX_INPUT && pattern.matcher(value).matches();
  }
}
