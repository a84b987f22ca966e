package dev.parley.hub.workspace;

/**
 * What came of an archive.
 *
 * @param files written
 * @param bytes in them
 */
public record Imported(long files, long bytes) {}
