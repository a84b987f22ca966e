package dev.parley.client;

/**
 * Events were missed and cannot be had any more: state that was built from events should be read
 * again.
 *
 * @param connId the connection whose events were missed
 * @param seq the number of the last event of it that was read, or of the first one after the gap
 */
public record Gap(String connId, long seq) {}
