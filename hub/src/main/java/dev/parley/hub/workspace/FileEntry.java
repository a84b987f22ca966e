package dev.parley.hub.workspace;

/**
 * A file of a workspace.
 *
 * @param name its path, relative to the workspace, with {@code /}
 * @param size in bytes
 * @param updatedAtMs milliseconds since 1970
 */
public record FileEntry(String name, long size, long updatedAtMs) {}
