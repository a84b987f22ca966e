package dev.parley.hub.workspace;

/**
 * A file as it was written.
 *
 * @param tag SHA-256 of its bytes, lowercase hexadecimal
 */
public record FileWritten(FileEntry entry, String tag) {}
