package dev.parley.hub.disk;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A directory held open, below which names are resolved by the kernel relative to the open
 * directory ({@code openat} and its kin) and never through a symbolic link. A name therefore cannot
 * be made to mean something outside by swapping a directory for a link between check and use: the
 * open directory stays the one that was opened.
 *
 * <p>Java has no {@code mkdirat}. A new directory is made in {@code <root>/.staging}, where only
 * the hub writes, and renamed into the open directory. The rename replaces an empty directory that
 * somebody else made at the same moment; who then works in the replaced one gets {@link
 * NoSuchFileException}, and {@link #retrying} starts over.
 *
 * <p>Files are made with mode 600 and directories with 700. Names are single components and must
 * have been validated. Not thread-safe; blocks.
 */
public final class OpenDirectory implements AutoCloseable {
  /** Names that begin with this, in any case, belong to the hub. */
  public static final String RESERVED_PREFIX = ".parley";

  private static final String STAGING = ".staging";
  private static final int ATTEMPTS = 5;

  private final Path root;
  private final SecureDirectoryStream<Path> stream;

  private OpenDirectory(Path root, SecureDirectoryStream<Path> stream) {
    this.root = root;
    this.stream = stream;
  }

  /** Whether a walk makes the directories that are not there. */
  public enum Missing {
    FAIL,
    CREATE
  }

  /** Blocking work on files. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  /** Runs work again that failed because a directory vanished under it, at most five times. */
  public static <T> T retrying(Work<T> work) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return work.run();
      } catch (NoSuchFileException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /**
   * Opens a directory below a root.
   *
   * @param root a directory only the hub writes to; may itself be reached through links
   * @param names one per level
   * @throws NoSuchFileException when one is not there, naming it
   * @throws NotDirectoryException when one is something else
   * @throws RefusedFileException when one is a symbolic link
   */
  public static OpenDirectory walk(Path root, List<String> names, Missing missing)
      throws IOException {
    if (missing == Missing.CREATE) {
      Files.createDirectories(root);
    }
    OpenDirectory current = new OpenDirectory(root, secure(root));
    for (String name : names) {
      try (OpenDirectory parent = current) {
        current = missing == Missing.CREATE ? parent.childOrNew(name) : parent.child(name);
      }
    }
    return current;
  }

  /**
   * Opens the directory below a root in which the hub makes ready what it then moves to its place;
   * nothing in it is of a tenant yet.
   */
  public static OpenDirectory staging(Path root) throws IOException {
    Path staging = root.resolve(STAGING);
    Files.createDirectories(staging);
    return new OpenDirectory(root, secure(staging));
  }

  private static SecureDirectoryStream<Path> secure(Path path) throws IOException {
    DirectoryStream<Path> stream =
        path.getFileSystem().provider().newDirectoryStream(path, any -> true);
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    stream.close();
    throw new FileSystemException(
        path.toString(), null, "this file system has no access relative to an open directory");
  }

  /** Opens a directory in this one. */
  public OpenDirectory child(String name) throws IOException {
    BasicFileAttributes found = stat(name);
    if (found == null) {
      throw new NoSuchFileException(name);
    }
    if (found.isSymbolicLink()) {
      throw new RefusedFileException(name, "is a symbolic link");
    }
    if (!found.isDirectory()) {
      throw new NotDirectoryException(name);
    }
    return new OpenDirectory(root, stream.newDirectoryStream(Path.of(name), NOFOLLOW_LINKS));
  }

  /** Opens a directory in this one, and makes it when it is not there. */
  public OpenDirectory childOrNew(String name) throws IOException {
    if (stat(name) == null) {
      make(name);
    }
    return child(name);
  }

  private void make(String name) throws IOException {
    Path staging = root.resolve(STAGING);
    String fresh = UUID.randomUUID().toString();
    Files.createDirectories(staging);
    Files.createDirectory(
        staging.resolve(fresh),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try (SecureDirectoryStream<Path> from = secure(staging)) {
      try {
        from.move(Path.of(fresh), stream, Path.of(name));
      } catch (IOException e) {
        from.deleteDirectory(Path.of(fresh));
        if (stat(name) == null) {
          throw e;
        }
      }
    }
  }

  /** What stands under a name, links not followed; null when nothing does. */
  public @Nullable BasicFileAttributes stat(String name) throws IOException {
    try {
      return stream
          .getFileAttributeView(Path.of(name), BasicFileAttributeView.class, NOFOLLOW_LINKS)
          .readAttributes();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /**
   * The attributes of a regular file.
   *
   * @throws NoSuchFileException when it is not there
   * @throws RefusedFileException when it is anything but a regular file
   */
  public BasicFileAttributes regular(String name) throws IOException {
    BasicFileAttributes found = stat(name);
    if (found == null) {
      throw new NoSuchFileException(name);
    }
    if (!found.isRegularFile()) {
      throw new RefusedFileException(name, kind(found));
    }
    return found;
  }

  private static String kind(BasicFileAttributes found) {
    if (found.isDirectory()) {
      return "is a directory";
    }
    return found.isSymbolicLink() ? "is a symbolic link" : "is a special file";
  }

  /**
   * Opens a regular file of this directory; the caller closes it.
   *
   * @param options as for {@link FileChannel#open}; a new file gets mode 600
   */
  public FileChannel open(String name, OpenOption... options) throws IOException {
    Set<OpenOption> all = new HashSet<>(List.of(options));
    all.add(NOFOLLOW_LINKS);
    BasicFileAttributes found = stat(name);
    if (found != null && !found.isRegularFile()) {
      throw new RefusedFileException(name, kind(found));
    }
    SeekableByteChannel channel =
        stream.newByteChannel(
            Path.of(name),
            all,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    if (channel instanceof FileChannel file) {
      return file;
    }
    channel.close();
    throw new FileSystemException(name, null, "cannot be opened as a file");
  }

  /**
   * Reads a regular file.
   *
   * @param maxBytes more than these are not read: the answer is then one byte longer
   */
  public byte[] read(String name, int maxBytes) throws IOException {
    regular(name);
    try (FileChannel file = open(name, StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(file.size(), maxBytes) + 1);
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {}
      byte[] read = new byte[bytes.flip().remaining()];
      bytes.get(read);
      return read;
    }
  }

  /**
   * Makes a file hold these bytes: on return they are on disk; on failure, or a crash at any
   * moment, the file is as it was.
   */
  public void replace(String name, byte[] content) throws IOException {
    String fresh = RESERVED_PREFIX + "-" + UUID.randomUUID();
    try {
      try (FileChannel file =
          open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
        file.force(true);
      }
      stream.move(Path.of(fresh), stream, Path.of(name));
    } catch (IOException e) {
      discard(fresh, e);
      throw e;
    }
    force();
  }

  private void discard(String name, IOException reason) {
    try {
      stream.deleteFile(Path.of(name));
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  /** Puts the names of this directory on disk: those made, moved and deleted before. */
  public void force() throws IOException {
    Set<OpenOption> read = Set.of(StandardOpenOption.READ, NOFOLLOW_LINKS);
    try (SeekableByteChannel self = stream.newByteChannel(Path.of("."), read)) {
      if (self instanceof FileChannel directory) {
        directory.force(true);
      }
    }
  }

  /**
   * Moves what stands under a name, whatever it is, to another open directory, where it replaces a
   * file or an empty directory of the new name. Links are moved as links. The same file system.
   */
  public void move(String name, OpenDirectory to, String newName) throws IOException {
    stream.move(Path.of(name), to.stream, Path.of(newName));
  }

  /** Deletes what stands under a name with all that is in it, following no link; if it is there. */
  public void deleteTree(String name) throws IOException {
    BasicFileAttributes found = stat(name);
    if (found == null) {
      return;
    }
    if (!found.isDirectory()) {
      stream.deleteFile(Path.of(name));
      return;
    }
    try (OpenDirectory child = child(name)) {
      List<String> names = new ArrayList<>();
      child.forEach(names::add);
      for (String each : names) {
        child.deleteTree(each);
      }
    }
    stream.deleteDirectory(Path.of(name));
  }

  /** Deletes a file, or a link itself; never what a link points to. */
  public void deleteFile(String name) throws IOException {
    stream.deleteFile(Path.of(name));
  }

  /**
   * Deletes an empty directory.
   *
   * @throws java.nio.file.DirectoryNotEmptyException when it is not
   */
  public void deleteDirectory(String name) throws IOException {
    stream.deleteDirectory(Path.of(name));
  }

  /** Passes the name of everything in this directory, in no order; works once. */
  public void forEach(Consumer<String> name) throws IOException {
    try {
      for (Path path : stream) {
        Path last = path.getFileName();
        if (last != null) {
          name.accept(last.toString());
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
