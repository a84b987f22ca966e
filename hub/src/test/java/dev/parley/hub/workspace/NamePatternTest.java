package dev.parley.hub.workspace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.regex.Pattern;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Assertions;

class NamePatternTest {

  /** The same as the regular expression that says the same. */
  @Property(tries = 3_000)
  void aPatternMeansWhatItsRegularExpressionMeans(
      @ForAll @Chars({'a', 'b', '*', '?', '/'}) @StringLength(max = 8) String pattern,
      @ForAll @Chars({'/'}) @CharRange(from = 'a', to = 'b') @StringLength(max = 8) String path) {
    String whole = pattern.indexOf('/') >= 0 ? path : path.substring(path.lastIndexOf('/') + 1);
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '*' && i + 1 < pattern.length() && pattern.charAt(i + 1) == '*') {
        regex.append(".*");
        i++;
      } else {
        regex.append(c == '*' ? "[^/]*" : c == '?' ? "[^/]" : Pattern.quote(String.valueOf(c)));
      }
    }
    assertEquals(
        Pattern.matches(regex.toString(), whole),
        new NamePattern(pattern, false).matches(path),
        pattern + " on " + path);
  }

  @Example
  void noPatternIsSlow() {
    NamePattern evil = new NamePattern("*a".repeat(90) + "b/", false);
    Assertions.assertTimeout(Duration.ofSeconds(2), () -> evil.matches("x/" + "a".repeat(500)));
  }

  @Example
  void caseCanBeIgnored() {
    assertTrue(new NamePattern("*.MD", true).matches("notes/A.md"));
  }
}
