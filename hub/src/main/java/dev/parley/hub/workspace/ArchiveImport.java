package dev.parley.hub.workspace;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Unpacks an archive beside the workspaces, where nothing of it can do harm; blocks. Every entry is
 * looked at before the first file comes into a workspace, and one that should not be there refuses
 * the whole archive: a path that leads out or is none ({@link WorkspacePath}), a link, a device,
 * something encrypted, two paths that a file system somewhere would take for one. A bomb is noticed
 * by what comes out of it, not by what it says of itself.
 */
final class ArchiveImport {
  private static final int BLOCK = 64 << 10;
  private static final int LONGEST_PADDING = 1 << 20;
  private static final int MOST_RATIO = 200;
  private static final long RATIO_FROM = 8L << 20;

  private final WorkspaceFiles files;
  private final Bound bound;
  private final Consumer<Step> progress;
  private final String prefix;
  private final List<Unpacked> unpacked = new ArrayList<>();
  private final Map<String, String> seen = new HashMap<>();
  private long bytes;

  /**
   * What may come out.
   *
   * @param files at most
   * @param bytes at most, of all files
   */
  record Bound(long files, long bytes) {}

  /** A file that is in {@link Staging}. */
  record Unpacked(WorkspacePath path, String staged, FileWritten ready) {}

  /** How far it is. */
  record Step(String phase, long files, long bytes) {}

  ArchiveImport(
      WorkspaceFiles files, WorkspacePath directory, Bound bound, Consumer<Step> progress) {
    this.files = files;
    this.bound = bound;
    this.progress = progress;
    this.prefix = directory.depth() == 0 ? "" : directory + "/";
  }

  /** Unpacks; when it fails nothing is left. */
  List<Unpacked> unpack(String staged, ArchiveFormat format) throws IOException {
    boolean done = false;
    try (FileChannel archive = files.staging().read(staged)) {
      if (format == ArchiveFormat.ZIP) {
        zip(archive);
      } else {
        tar(archive);
      }
      requireNoFileInTheWay();
      done = true;
      return unpacked;
    } catch (ParleyException refusal) {
      throw refusal;
    } catch (IOException | RuntimeException e) {
      throw refused("it cannot be read as %s: %s".formatted(format.wireName(), printable(e)));
    } finally {
      if (!done) {
        unpacked.forEach(file -> files.staging().discard(file.staged()));
      }
    }
  }

  private void zip(FileChannel archive) throws IOException {
    ZipTail.check(archive);
    long size = archive.size();
    try (ZipFile zip = ZipFile.builder().setSeekableByteChannel(archive).get()) {
      Enumeration<ZipArchiveEntry> entries = zip.getEntries();
      while (entries.hasMoreElements()) {
        ZipArchiveEntry entry = entries.nextElement();
        String name = printable(entry.getName());
        if (entry.isUnixSymlink()) {
          throw refused(name + " is a link");
        }
        if (!zip.canReadEntryData(entry)) {
          throw refused(name + " is encrypted, or packed in a way that is not supported");
        }
        if (!entry.isDirectory()) {
          try (CheckedInputStream content =
              new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
            take(entry.getName(), content, () -> size);
            if (content.getChecksum().getValue() != entry.getCrc()) {
              throw refused(name + " is damaged");
            }
          }
        } else {
          directory(entry.getName());
        }
      }
    }
  }

  private void tar(FileChannel archive) throws IOException {
    archive.position(0);
    try (InputStream packed = new BufferedInputStream(Channels.newInputStream(archive), BLOCK);
        GZIPInputStream gzip = new GZIPInputStream(packed, BLOCK);
        TarArchiveInputStream tar = new TarArchiveInputStream(gzip, "UTF-8")) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        String name = printable(entry.getName());
        if (entry.isSymbolicLink() || entry.isLink()) {
          throw refused(name + " is a link");
        }
        if (entry.isDirectory()) {
          directory(entry.getName());
        } else if (isPlain(entry)) {
          take(entry.getName(), tar, archive::position);
        } else if (!entry.isGlobalPaxHeader()) {
          throw refused(name + " is no plain file");
        }
      }
      requireEnd(gzip);
    }
  }

  /** The library calls a device a file too. */
  private static boolean isPlain(TarArchiveEntry entry) {
    byte kind = entry.getLinkFlag();
    return (kind == TarConstants.LF_NORMAL || kind == TarConstants.LF_OLDNORM) && !entry.isSparse();
  }

  /** Reads what pads the last record, so that the checksum behind it is looked at. */
  private static void requireEnd(InputStream rest) throws IOException {
    byte[] padding = rest.readNBytes(LONGEST_PADDING + 1);
    if (padding.length > LONGEST_PADDING) {
      throw refused("something follows its end");
    }
  }

  private interface Packed {
    long bytes() throws IOException;
  }

  private void take(String name, InputStream content, Packed packed) throws IOException {
    WorkspacePath path = path(name);
    claim(path);
    if (unpacked.size() >= bound.files) {
      throw beyond("files", bound.files);
    }
    String staged = Staging.newName();
    boolean done = false;
    try (FileChannel file = files.staging().create(staged)) {
      MessageDigest digest = FileBytes.sha256();
      byte[] block = new byte[BLOCK];
      long size = 0;
      for (int read = content.read(block); read >= 0; read = content.read(block)) {
        size += read;
        bytes += read;
        requireBounds(size, packed);
        digest.update(block, 0, read);
        write(file, ByteBuffer.wrap(block, 0, read));
      }
      file.force(true);
      FileEntry entry = new FileEntry(path.toString(), size, 0);
      unpacked.add(new Unpacked(path, staged, new FileWritten(entry, FileBytes.tag(digest))));
      done = true;
    } finally {
      if (!done) {
        files.staging().discard(staged);
      }
    }
    progress.accept(new Step("unpacking", unpacked.size(), bytes));
  }

  private static void write(FileChannel file, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException e) {
      throw new ParleyException(
          ErrorCode.UNAVAILABLE, "the files could not be stored; nothing was changed", e);
    }
  }

  private void requireBounds(long size, Packed packed) throws IOException {
    long limit = files.settings().maxFileBytes();
    if (size > limit) {
      throw FileErrors.tooLarge(limit, size);
    }
    if (bytes > bound.bytes) {
      throw beyond("bytes", bound.bytes);
    }
    if (bytes > RATIO_FROM && bytes / MOST_RATIO > packed.bytes()) {
      throw refused("it unpacks to more than %d times its size".formatted(MOST_RATIO));
    }
  }

  private void directory(String name) {
    String plain = name.replaceAll("^(\\./)+", "").replaceAll("/+$", "");
    if (!plain.isEmpty() && !plain.equals(".")) {
      path(plain);
    }
  }

  private WorkspacePath path(String name) {
    try {
      return WorkspacePath.ofFile(prefix + name.replaceAll("^(\\./)+", ""));
    } catch (ParleyException e) {
      throw refused("the entry %s: %s".formatted(printable(name), e.text()));
    }
  }

  /** Takes a path and those of its directories, each in one spelling and as one kind of thing. */
  private void claim(WorkspacePath path) {
    StringBuilder above = new StringBuilder();
    for (String name : path.parents()) {
      above.append(name);
      claim(above.toString(), above + "/");
      above.append('/');
    }
    if (seen.containsKey(path.toString().toLowerCase(Locale.ROOT))) {
      throw collision(path.toString(), path.toString());
    }
    claim(path.toString(), path.toString());
  }

  private void claim(String path, String as) {
    String before = seen.putIfAbsent(path.toLowerCase(Locale.ROOT), as);
    if (before != null && !before.equals(as)) {
      throw collision(path, before);
    }
  }

  private static ParleyException collision(String path, String other) {
    return refused(
        "%s and %s are one path where case does not count, or the same twice"
            .formatted(path, other));
  }

  /** What is in the workspace already must not differ by case alone either. */
  private void requireNoFileInTheWay() throws IOException {
    files.walk(
        WorkspacePath.ROOT,
        Long.MAX_VALUE,
        there -> {
          StringBuilder above = new StringBuilder();
          for (String name : WorkspacePath.ofFile(there.name()).parents()) {
            above.append(name);
            requireSame(above.toString(), above + "/");
            above.append('/');
          }
          requireSame(there.name(), there.name());
        });
  }

  private void requireSame(String path, String as) {
    String imported = seen.get(path.toLowerCase(Locale.ROOT));
    if (imported != null && !imported.equals(as)) {
      throw new ParleyException(
              ErrorCode.CONFLICT,
              "%s of the archive and %s of the workspace are one path where case does not count"
                  .formatted(imported, as))
          .with("field", "body");
    }
  }

  private static ParleyException beyond(String what, long most) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "the archive unpacks to more than %d %s, for which there is room; nothing was changed"
                .formatted(most, what))
        .with("field", "body")
        .with("limit", what.equals("bytes") ? "file_bytes" : "files")
        .with("left", most);
  }

  static ParleyException refused(String why) {
    return ParleyException.invalid(
        "body", "the archive is refused: %s; nothing was changed".formatted(why));
  }

  private static String printable(String name) {
    String shown = name.length() > 100 ? name.substring(0, 100) + "..." : name;
    return shown.replaceAll("[^\\x20-\\x7e]", "?");
  }

  private static String printable(Exception e) {
    return printable(String.valueOf(e.getMessage()));
  }
}
