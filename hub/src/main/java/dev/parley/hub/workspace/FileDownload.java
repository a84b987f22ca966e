package dev.parley.hub.workspace;

import dev.parley.hub.disk.DiskWorkers;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file that is being read. It stays the one that was opened, whatever becomes of its name; keeps
 * nothing in memory between reads.
 */
public final class FileDownload {
  private final FileEntry entry;
  private final String tag;
  private final FileChannel file;
  private final DiskWorkers workers;
  private final Runnable onClosed;
  private final AtomicBoolean closed = new AtomicBoolean();

  FileDownload(
      FileEntry entry, String tag, FileChannel file, DiskWorkers workers, Runnable onClosed) {
    this.entry = entry;
    this.tag = tag;
    this.file = file;
    this.workers = workers;
    this.onClosed = onClosed;
  }

  public FileEntry entry() {
    return entry;
  }

  /** SHA-256 of the bytes, lowercase hexadecimal. */
  public String tag() {
    return tag;
  }

  /** Reads up to {@code most} bytes from {@code position}; empty only at the end of the file. */
  public Future<Buffer> read(long position, int most) {
    return workers.run(
        () -> {
          ByteBuffer block = ByteBuffer.allocate(most);
          for (long at = position; block.hasRemaining(); ) {
            int read = file.read(block, at);
            if (read < 0) {
              break;
            }
            at += read;
          }
          return Buffer.buffer(most).appendBytes(block.array(), 0, block.position());
        });
  }

  /** Lets the file go; may be called more than once. */
  public void close() {
    if (closed.compareAndSet(false, true)) {
      onClosed.run();
      try {
        file.close();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
