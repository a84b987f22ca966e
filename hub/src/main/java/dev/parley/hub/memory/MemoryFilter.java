package dev.parley.hub.memory;

import org.jspecify.annotations.Nullable;

/**
 * Narrows a search or a list; nulls narrow nothing.
 *
 * @param since not updated before this, epoch milliseconds
 * @param before updated before this, epoch milliseconds
 */
public record MemoryFilter(
    @Nullable String session, @Nullable String tag, @Nullable Long since, @Nullable Long before) {
  public static final MemoryFilter NONE = new MemoryFilter(null, null, null, null);

  boolean admits(MemoryDocument document) {
    return (session == null || session.equals(document.session()))
        && (tag == null || document.tags().contains(tag))
        && (since == null || document.updatedAt() >= since)
        && (before == null || document.updatedAt() < before);
  }
}
