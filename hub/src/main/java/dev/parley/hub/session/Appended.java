package dev.parley.hub.session;

import org.jspecify.annotations.Nullable;

/**
 * What a change to a transcript left.
 *
 * @param row as written, or null when a run ended without one
 * @param session after it
 */
public record Appended(@Nullable TranscriptRow row, SessionRow session) {}
