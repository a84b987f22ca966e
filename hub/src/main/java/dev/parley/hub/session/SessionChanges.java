package dev.parley.hub.session;

import dev.parley.protocol.error.ParleyException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a session; null leaves a property as it is.
 *
 * @param label at most 512 characters without control characters; empty takes it away
 * @param verboseLevel {@code on} or {@code full}; {@code off} or empty takes it away
 */
public record SessionChanges(
    @Nullable String label,
    @Nullable Boolean archived,
    @Nullable Boolean pinned,
    @Nullable Boolean unread,
    @Nullable String verboseLevel) {
  private static final int MAX_LABEL = 512;
  private static final Set<String> VERBOSE_LEVELS = Set.of("", "on", "full");

  /** Only another label. */
  public static SessionChanges label(String label) {
    return new SessionChanges(label, null, null, null, null);
  }

  public SessionChanges {
    if (label != null
        && (label.length() > MAX_LABEL || label.chars().anyMatch(Character::isISOControl))) {
      throw ParleyException.invalid(
          "label", "a label may have %d characters and no control characters".formatted(MAX_LABEL));
    }
    verboseLevel = "off".equals(verboseLevel) ? "" : verboseLevel;
    if (verboseLevel != null && !VERBOSE_LEVELS.contains(verboseLevel)) {
      throw ParleyException.invalid("verboseLevel", "verboseLevel is off, on or full");
    }
  }
}
