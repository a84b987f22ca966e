package dev.parley.hub.workspace;

/**
 * A file of a workspace with what is in it.
 *
 * @param name its path, relative to the workspace, with {@code /}
 * @param text its content
 * @param size in bytes of UTF-8
 * @param updatedAtMs milliseconds since 1970
 * @param hash SHA-256 of the bytes, lowercase hexadecimal
 */
public record FileText(String name, String text, long size, long updatedAtMs, String hash) {}
