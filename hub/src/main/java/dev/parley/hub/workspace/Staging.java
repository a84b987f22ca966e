package dev.parley.hub.workspace;

import dev.parley.hub.disk.OpenDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is made ready beside the workspaces and moved in by one rename, and what was moved out and
 * is being deleted. Names are random and begin with {@value #PREFIX}. Blocks.
 *
 * <p>Who ends another's change takes what that one made ready away first: then its rename, should
 * it come late after all, finds nothing to move.
 */
final class Staging {
  private static final Logger LOG = LoggerFactory.getLogger(Staging.class);
  private static final String PREFIX = "file-";

  /** Nothing is made ready for longer: transfers end before. */
  static final Duration KEPT = Duration.ofDays(1);

  private final Path root;

  Staging(Path root) {
    this.root = root;
  }

  static String newName() {
    return PREFIX + UUID.randomUUID();
  }

  /** Makes an empty file; the caller closes it. */
  FileChannel create(String name) throws IOException {
    try (OpenDirectory staging = OpenDirectory.staging(root)) {
      return staging.open(
          name, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
  }

  /** Makes a file of these bytes, which are on disk then. */
  void write(String name, ByteBuffer bytes) throws IOException {
    try (FileChannel file = create(name)) {
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      file.force(true);
    } catch (IOException e) {
      discard(name);
      throw e;
    }
  }

  /** Makes an empty directory. */
  void makeDirectory(String name) throws IOException {
    try (OpenDirectory staging = OpenDirectory.staging(root)) {
      staging.childOrNew(name).close();
    }
  }

  /** Opens a directory that was made here. */
  OpenDirectory open(String name) throws IOException {
    try (OpenDirectory staging = OpenDirectory.staging(root)) {
      return staging.child(name);
    }
  }

  /** Opens a file that was made here, for reading. */
  FileChannel read(String name) throws IOException {
    try (OpenDirectory staging = OpenDirectory.staging(root)) {
      return staging.open(name, StandardOpenOption.READ);
    }
  }

  /** Moves a file that was made here to its place; both names are then on disk. */
  void moveInto(String name, OpenDirectory directory, String newName) throws IOException {
    try (OpenDirectory staging = OpenDirectory.staging(root)) {
      staging.move(name, directory, newName);
    }
    directory.force();
  }

  /** Takes something away, if it is there. */
  void remove(String name) throws IOException {
    try (OpenDirectory staging = OpenDirectory.staging(root)) {
      staging.deleteTree(name);
    }
  }

  /** As {@link #remove}; what cannot be taken away now is swept later. */
  void discard(String name) {
    try {
      remove(name);
    } catch (IOException e) {
      LOG.warn("{} was not deleted", name, e);
    }
  }

  /** Takes away what processes that are gone have left. */
  void sweep(Clock clock) throws IOException {
    long oldest = clock.millis() - KEPT.toMillis();
    List<String> names = new ArrayList<>();
    try (OpenDirectory staging = OpenDirectory.staging(root)) {
      staging.forEach(names::add);
      for (String name : names) {
        BasicFileAttributes found = staging.stat(name);
        if (name.startsWith(PREFIX)
            && found != null
            && found.lastModifiedTime().toMillis() < oldest) {
          staging.deleteTree(name);
        }
      }
    } catch (NoSuchFileException e) {
      LOG.debug("another node swept at the same time", e);
    }
  }
}
