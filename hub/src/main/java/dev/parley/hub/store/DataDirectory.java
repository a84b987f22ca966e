package dev.parley.hub.store;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The data directory of a hub that runs its own Redis, locked against a second hub by an operating
 * system lock on {@code hub.lock}, which ends with the process however that ends.
 *
 * <p>POSIX drops a process's lock when it closes <em>any</em> descriptor of the file, so the
 * directories that this JVM holds are also kept in a set, and the file is not opened twice.
 */
public final class DataDirectory implements AutoCloseable {
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel channel;

  private DataDirectory(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Creates the directory (mode 700) when it is absent and locks it. Blocks on the disk.
   *
   * @throws ParleyException {@code conflict} when another hub has it; {@code invalid_request} when
   *     it is no directory, or cannot be read and written; {@code unavailable} when the disk fails
   */
  public static DataDirectory lock(Path directory) {
    Path path = create(directory);
    if (!HELD.add(path)) {
      throw inUse(path, "this process");
    }
    try {
      return new DataDirectory(path, lockFile(path));
    } catch (RuntimeException e) {
      HELD.remove(path);
      throw e;
    }
  }

  /** Creates the directory when it is absent and answers its real path; does not lock it. */
  static Path create(Path directory) {
    try {
      createPrivate(directory);
      Path path = directory.toRealPath();
      if (!Files.isDirectory(path) || !Files.isWritable(path) || !Files.isReadable(path)) {
        throw unusable(directory, "it is not a directory this user can read and write");
      }
      return path;
    } catch (IOException e) {
      throw unusable(directory, reason(e));
    }
  }

  /** Creates a directory with mode 700; one that is there already stays as it is. */
  static void createPrivate(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    if (posix) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } else {
      Files.createDirectories(directory);
    }
  }

  private static FileChannel lockFile(Path path) {
    Path file = path.resolve("hub.lock");
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw unusable(path, reason(e));
    }
    try {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw inUse(path, "process " + holder(channel));
      }
      channel.truncate(0);
      String pid = ProcessHandle.current().pid() + "\n";
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
      return channel;
    } catch (IOException | OverlappingFileLockException | ParleyException e) {
      closeQuietly(channel);
      if (e instanceof ParleyException known) {
        throw known;
      }
      throw new ParleyException(
          ErrorCode.UNAVAILABLE,
          "cannot lock %s: %s; free some space or choose another --data"
              .formatted(file, e instanceof IOException io ? reason(io) : "it is locked already"));
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer pid = ByteBuffer.allocate(20);
    channel.read(pid, 0);
    String text = new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII).trim();
    return text.isEmpty() ? "(unknown)" : text;
  }

  private static ParleyException inUse(Path path, String by) {
    return new ParleyException(
            ErrorCode.CONFLICT,
            "another hub, %s, uses the data directory %s; stop it or choose another --data"
                .formatted(by, path))
        .with("field", "data");
  }

  private static ParleyException unusable(Path path, String reason) {
    return ParleyException.invalid(
        "data",
        "cannot use the data directory %s: %s; choose another --data".formatted(path, reason));
  }

  /** The cause in a few words, without the path that the exception repeats. */
  static String reason(IOException e) {
    if (e instanceof java.nio.file.AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof java.nio.file.FileAlreadyExistsException) {
      return "it is not a directory";
    }
    if (e instanceof FileSystemException fs && fs.getReason() != null) {
      return fs.getReason();
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  public Path path() {
    return path;
  }

  /** Gives the directory free. */
  @Override
  public void close() {
    closeQuietly(channel);
    HELD.remove(path);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The lock goes with the descriptor, which is gone either way.
    }
  }
}
