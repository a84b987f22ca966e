package dev.parley.hub.workspace;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a file must be for a request to be carried out (RFC 9110, section 13). The entity tag of a
 * file is the SHA-256 of its bytes, so that a tag which matches says that nothing of what is there
 * would be lost unseen.
 *
 * @param match tags of which the file must have one, {@code *} for any; empty for no condition
 * @param noneMatch tags of which it must have none, {@code *} for: it must not be there
 */
public record Precondition(List<String> match, List<String> noneMatch) {
  public static final Precondition NONE = new Precondition(List.of(), List.of());
  private static final String ANY = "*";
  private static final Pattern TAG =
      Pattern.compile("\\s*(?:\"([\\x21\\x23-\\x7e]{1,100})\"|([0-9a-f]{64}))\\s*(?:,|$)");

  /**
   * Reads the values of the headers If-Match and If-None-Match; a single tag needs no quotes.
   *
   * @throws ParleyException {@code invalid_request} naming {@code ifMatch} or {@code ifNoneMatch}
   */
  public static Precondition of(@Nullable String ifMatch, @Nullable String ifNoneMatch) {
    return ifMatch == null && ifNoneMatch == null
        ? NONE
        : new Precondition(tags("ifMatch", ifMatch), tags("ifNoneMatch", ifNoneMatch));
  }

  private static List<String> tags(String field, @Nullable String text) {
    if (text == null) {
      return List.of();
    }
    if (text.strip().equals(ANY)) {
      return List.of(ANY);
    }
    List<String> tags = new ArrayList<>();
    Matcher matcher = TAG.matcher(text);
    int end = 0;
    while (end < text.length() && matcher.find(end) && matcher.start() == end) {
      tags.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
      end = matcher.end();
    }
    if (tags.isEmpty() || end < text.length()) {
      throw ParleyException.invalid(
          field, field + " must be * or strong entity tags, each in double quotes, with commas");
    }
    return List.copyOf(tags);
  }

  /** Whether there is nothing to look at. */
  public boolean isEmpty() {
    return match.isEmpty() && noneMatch.isEmpty();
  }

  /** Whether a file of this tag is none that is wanted, being known already. */
  public boolean knows(String tag) {
    return has(noneMatch, tag);
  }

  /**
   * Insists.
   *
   * @param tag of the file as it is, null when there is none
   * @throws ParleyException {@code precondition_failed}, with the tag in {@code details.etag}
   */
  public void require(@Nullable String tag, String path) {
    boolean holds = (match.isEmpty() || has(match, tag)) && !has(noneMatch, tag);
    if (holds) {
      return;
    }
    String is =
        tag == null
            ? "%s does not exist".formatted(path)
            : "%s exists with the tag \"%s\"".formatted(path, tag);
    ParleyException failed =
        new ParleyException(
                ErrorCode.PRECONDITION_FAILED, is + "; nothing was changed: read it again")
            .with("field", match.isEmpty() || has(match, tag) ? "ifNoneMatch" : "ifMatch");
    throw tag == null ? failed : failed.with("etag", tag);
  }

  private static boolean has(List<String> tags, @Nullable String tag) {
    return tag != null && (tags.contains(ANY) || tags.contains(tag));
  }
}
