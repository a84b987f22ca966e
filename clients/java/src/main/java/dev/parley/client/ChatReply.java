package dev.parley.client;

/**
 * The end of a chat run.
 *
 * @param text the whole reply
 * @param stopReason for example {@code stop}; empty when the hub does not tell
 */
public record ChatReply(String runId, String text, String stopReason) {}
