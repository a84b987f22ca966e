package dev.parley.client;

/**
 * The hub's answer to a sent message.
 *
 * @param status {@code accepted}; or what has become of the same message when it was sent before
 */
public record SentMessage(String messageId, String status) {}
