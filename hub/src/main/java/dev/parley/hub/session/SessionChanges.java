package dev.parley.hub.session;

import dev.parley.protocol.error.ParleyException;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a session; null leaves a property as it is.
 *
 * @param label at most 512 characters without control characters; empty takes it away
 */
public record SessionChanges(
    @Nullable String label,
    @Nullable Boolean archived,
    @Nullable Boolean pinned,
    @Nullable Boolean unread) {
  private static final int MAX_LABEL = 512;

  public SessionChanges {
    if (label != null
        && (label.length() > MAX_LABEL || label.chars().anyMatch(Character::isISOControl))) {
      throw ParleyException.invalid(
          "label", "a label may have %d characters and no control characters".formatted(MAX_LABEL));
    }
  }
}
