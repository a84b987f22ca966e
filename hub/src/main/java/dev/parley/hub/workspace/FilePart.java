package dev.parley.hub.workspace;

import java.nio.ByteBuffer;

/**
 * A part of a file.
 *
 * @param entry the whole file
 * @param tag SHA-256 of the whole file, lowercase hexadecimal
 * @param offset of the part
 * @param bytes fewer than asked for at the end of the file
 */
public record FilePart(FileEntry entry, String tag, long offset, ByteBuffer bytes) {

  /** Whether more follows. */
  public boolean hasMore() {
    return offset + bytes.remaining() < entry.size();
  }
}
