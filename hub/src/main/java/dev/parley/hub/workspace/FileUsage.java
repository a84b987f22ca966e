package dev.parley.hub.workspace;

/**
 * What the files of a tenant take.
 *
 * @param bytes of all its agents, with what is being written
 * @param maxBytes what they may take
 */
public record FileUsage(long bytes, long maxBytes, long files, long maxFiles) {}
