package dev.parley.hub.session;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which sessions to list.
 *
 * @param search in key, label and preview, any case; null for all
 * @param label exactly this; null for any
 * @param activeSinceMs updated at or after this time; 0 for any
 * @param offset how many to leave out from the newest
 * @param limit how many at most, 1 to 1000
 */
public record SessionFilter(
    @Nullable String search, @Nullable String label, long activeSinceMs, int offset, int limit) {
  public static final SessionFilter ALL = new SessionFilter(null, null, 0, 0, 1_000);

  boolean matches(SessionRow row) {
    String has = row.marks().label();
    if (row.updatedAt() < activeSinceMs || (label != null && !label.equals(has))) {
      return false;
    }
    if (search == null) {
      return true;
    }
    String all = String.join("\n", row.key(), orEmpty(has), orEmpty(row.lastMessagePreview()));
    return all.toLowerCase(Locale.ROOT).contains(search.toLowerCase(Locale.ROOT));
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
