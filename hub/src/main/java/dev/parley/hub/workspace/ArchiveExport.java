package dev.parley.hub.workspace;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.RefusedFileException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ArchiveEntry;
import org.apache.commons.compress.archivers.ArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Files as an archive, made piece by piece as it is read: no more of it is ever in memory than one
 * piece. Each file is whole as it was at some moment; one that is gone when its turn comes is left
 * out.
 */
public final class ArchiveExport {
  private static final int PIECE = 128 << 10;
  private static final int BLOCK = 32 << 10;
  private static final int FILE_MODE = 0100600;

  private final WorkspaceFiles files;
  private final Iterator<FileEntry> left;
  private final ArchiveFormat format;
  private final DiskWorkers workers;
  private final Runnable onClosed;
  private final ByteArrayOutputStream made = new ByteArrayOutputStream(2 * PIECE);
  private final ArchiveOutputStream<? super ArchiveEntry> archive;
  private final AtomicBoolean closed = new AtomicBoolean();
  private @Nullable FileChannel current;
  private boolean finished;

  ArchiveExport(
      WorkspaceFiles files,
      List<FileEntry> entries,
      ArchiveFormat format,
      DiskWorkers workers,
      Runnable onClosed)
      throws IOException {
    this.files = files;
    this.left = entries.iterator();
    this.format = format;
    this.workers = workers;
    this.onClosed = onClosed;
    archive = open();
  }

  @SuppressWarnings("unchecked")
  private ArchiveOutputStream<? super ArchiveEntry> open() throws IOException {
    ArchiveOutputStream<? extends ArchiveEntry> stream;
    if (format == ArchiveFormat.ZIP) {
      ZipArchiveOutputStream zip = new ZipArchiveOutputStream(made);
      zip.setLevel(Deflater.BEST_SPEED);
      stream = zip;
    } else {
      TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(made), "UTF-8");
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      stream = tar;
    }
    return (ArchiveOutputStream<? super ArchiveEntry>) stream;
  }

  public ArchiveFormat format() {
    return format;
  }

  /** The next piece; empty at the end. Asked for one at a time. */
  public Future<Buffer> next() {
    return workers.run(
        () -> {
          while (made.size() < PIECE && !finished) {
            step();
          }
          Buffer piece = Buffer.buffer(made.toByteArray());
          made.reset();
          return piece;
        });
  }

  private void step() throws IOException {
    FileChannel file = current;
    if (file != null) {
      ByteBuffer block = ByteBuffer.allocate(BLOCK);
      int read = file.read(block);
      if (read >= 0) {
        archive.write(block.array(), 0, read);
      } else {
        file.close();
        current = null;
        archive.closeArchiveEntry();
      }
    } else if (left.hasNext()) {
      begin(left.next());
    } else {
      archive.finish();
      archive.close();
      finished = true;
    }
  }

  private void begin(FileEntry entry) throws IOException {
    FileChannel file;
    try {
      file = files.open(WorkspacePath.ofFile(entry.name()));
    } catch (NoSuchFileException | NotDirectoryException | RefusedFileException gone) {
      return;
    }
    current = file;
    if (format == ArchiveFormat.ZIP) {
      ZipArchiveEntry zip = new ZipArchiveEntry(entry.name());
      zip.setTime(entry.updatedAtMs());
      zip.setUnixMode(FILE_MODE);
      archive.putArchiveEntry(zip);
    } else {
      TarArchiveEntry tar = new TarArchiveEntry(entry.name());
      tar.setSize(file.size());
      tar.setModTime(entry.updatedAtMs());
      tar.setMode(FILE_MODE);
      archive.putArchiveEntry(tar);
    }
  }

  /** Lets the files go; may be called more than once. */
  public void close() {
    if (closed.compareAndSet(false, true)) {
      onClosed.run();
      FileChannel file = current;
      try {
        if (file != null) {
          file.close();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
