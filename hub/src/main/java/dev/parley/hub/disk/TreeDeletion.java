package dev.parley.hub.disk;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Deletes a directory with all below it, never through a symbolic link, and counts what goes.
 * Blocks.
 */
public final class TreeDeletion {
  private long files;
  private long directories;
  private long bytes;

  /** Files, links and special files deleted. */
  public long files() {
    return files;
  }

  public long directories() {
    return directories;
  }

  /** The sizes of the files together. */
  public long bytes() {
    return bytes;
  }

  /**
   * Deletes.
   *
   * @param root as for {@link OpenDirectory#walk}
   * @param name of the directory in it; may be missing
   */
  public void delete(Path root, String name) throws IOException {
    try (OpenDirectory parent = OpenDirectory.walk(root, List.of(), OpenDirectory.Missing.CREATE)) {
      delete(parent, name);
      parent.force();
    }
  }

  private void delete(OpenDirectory parent, String name) throws IOException {
    BasicFileAttributes found = parent.stat(name);
    if (found == null) {
      return;
    }
    try {
      if (found.isDirectory()) {
        try (OpenDirectory directory = parent.child(name)) {
          List<String> names = new ArrayList<>();
          directory.forEach(names::add);
          for (String each : names) {
            delete(directory, each);
          }
        }
        parent.deleteDirectory(name);
        directories++;
      } else {
        parent.deleteFile(name);
        files++;
        bytes += found.isRegularFile() ? found.size() : 0;
      }
    } catch (NoSuchFileException gone) {
      return;
    }
  }
}
