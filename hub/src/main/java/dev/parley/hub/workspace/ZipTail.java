package dev.parley.hub.workspace;

import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * Looks at the end of a zip file (APPNOTE 6.3, section 4.3.16) before a library reads the list of
 * its entries into memory: how long that list is must be known, and little.
 */
final class ZipTail {
  private static final int SIGNATURE = 0x06054b50;
  private static final int RECORD = 22;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final long LONGEST_LIST = 4 << 20;

  private ZipTail() {}

  /**
   * Insists that the list of entries is short and ends where the end record begins.
   *
   * @throws ParleyException {@code invalid_request} naming {@code body}
   */
  static void check(FileChannel file) throws IOException {
    long start = Math.max(0, file.size() - RECORD - LONGEST_COMMENT);
    ByteBuffer tail =
        ByteBuffer.allocate((int) (file.size() - start)).order(ByteOrder.LITTLE_ENDIAN);
    while (tail.hasRemaining() && file.read(tail, start + tail.position()) >= 0) {}
    for (int at = tail.position() - RECORD; at >= 0; at--) {
      if (tail.getInt(at) == SIGNATURE) {
        long size = Integer.toUnsignedLong(tail.getInt(at + 12));
        long offset = Integer.toUnsignedLong(tail.getInt(at + 16));
        if (offset + size != start + at) {
          throw ArchiveImport.refused(
              "it is no plain zip file: its list of entries is not at its end");
        }
        if (size > LONGEST_LIST) {
          throw ArchiveImport.refused("its list of entries is too long");
        }
        return;
      }
    }
    throw ArchiveImport.refused("it is no zip file");
  }
}
