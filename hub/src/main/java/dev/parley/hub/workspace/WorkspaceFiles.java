package dev.parley.hub.workspace;

import static dev.parley.hub.workspace.FileErrors.guarded;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.hub.disk.RefusedFileException;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blocking side of a {@link Workspace}: turns each operation into steps on {@link OpenDirectory
 * open directories}. What changes something is a {@link Change}.
 */
final class WorkspaceFiles {
  private static final Logger LOG = LoggerFactory.getLogger(WorkspaceFiles.class);

  private final Path root;
  private final List<String> place;
  private final WorkspaceSettings settings;

  /**
   * The files in one place.
   *
   * @param root written by the hub only
   * @param place the names that lead from the root to the workspace
   */
  WorkspaceFiles(Path root, List<String> place, WorkspaceSettings settings) {
    this.root = root;
    this.place = place;
    this.settings = settings;
  }

  WorkspaceSettings settings() {
    return settings;
  }

  Staging staging() {
    return new Staging(root);
  }

  /** The files below a directory at any depth. */
  List<FileEntry> list(WorkspacePath directory) {
    return guarded(
        "list",
        directory,
        () -> {
          List<FileEntry> found = new ArrayList<>();
          walk(directory, settings.maxFilesListed(), found::add);
          found.sort(Comparator.comparing(FileEntry::name));
          return found;
        });
  }

  /** What is in a directory itself. */
  FileListing listOne(WorkspacePath directory) {
    return guarded(
        "list",
        directory,
        () -> {
          List<FileEntry> files = new ArrayList<>();
          List<String> directories = new ArrayList<>();
          String prefix = directory.depth() == 0 ? "" : directory + "/";
          try (OpenDirectory start = open(directory.names(), Missing.FAIL)) {
            for (String name : names(start)) {
              BasicFileAttributes found = start.stat(name);
              if (found != null && found.isRegularFile()) {
                files.add(entry(prefix + name, found));
              } else if (found != null && found.isDirectory()) {
                directories.add(prefix + name);
              }
            }
          } catch (NoSuchFileException e) {
            requireRoot(directory, e);
          }
          files.sort(Comparator.comparing(FileEntry::name));
          directories.sort(Comparator.naturalOrder());
          return new FileListing(files, directories);
        });
  }

  private List<String> names(OpenDirectory directory) throws IOException {
    List<String> names = new ArrayList<>();
    directory.forEach(
        name -> {
          if (names.size() >= settings.maxFilesListed()) {
            throw tooMany();
          }
          if (WorkspacePath.isName(name)) {
            names.add(name);
          }
        });
    return names;
  }

  /**
   * Passes each file below a directory, in no order; a workspace that was never written has none.
   *
   * @param most how many files and directories it may pass
   * @throws ParleyException {@code limit_exceeded} beyond
   */
  void walk(WorkspacePath directory, long most, Consumer<FileEntry> file) throws IOException {
    try (OpenDirectory start = open(directory.names(), Missing.FAIL)) {
      String prefix = directory.depth() == 0 ? "" : directory + "/";
      new Walk(most, file).visit(start, prefix, directory.depth());
    } catch (NoSuchFileException e) {
      requireRoot(directory, e);
    }
  }

  private static void requireRoot(WorkspacePath directory, NoSuchFileException missing)
      throws NoSuchFileException {
    if (directory.depth() > 0) {
      throw missing;
    }
  }

  /** What stands under a path, a file or a tree, takes; nothing when nothing stands there. */
  Tally measure(WorkspacePath path) throws IOException {
    if (path.depth() > 0) {
      BasicFileAttributes found = stat(path);
      if (found == null || !found.isDirectory()) {
        return found != null && found.isRegularFile() ? new Tally(found.size(), 1) : Tally.NOTHING;
      }
    }
    long[] sum = new long[2];
    try {
      walk(
          path,
          Long.MAX_VALUE,
          file -> {
            sum[0] += file.size();
            sum[1]++;
          });
    } catch (NoSuchFileException e) {
      LOG.debug("{} went while it was measured", path, e);
    }
    return new Tally(sum[0], sum[1]);
  }

  /** As {@link #measure}, of several paths of which none is within another. */
  Tally measure(List<WorkspacePath> paths) throws IOException {
    Tally sum = Tally.NOTHING;
    for (WorkspacePath path : paths) {
      sum = sum.plus(measure(path));
    }
    return sum;
  }

  /** What stands under a path, links not followed; null when nothing does. */
  @Nullable BasicFileAttributes stat(WorkspacePath path) throws IOException {
    try (OpenDirectory parent = open(path.parents(), Missing.FAIL)) {
      return parent.stat(path.last());
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  FileEntry describe(WorkspacePath path) {
    return guarded("read", path, () -> entryOf(path));
  }

  FileEntry entryOf(WorkspacePath path) throws IOException {
    try (OpenDirectory parent = open(path.parents(), Missing.FAIL)) {
      return entry(path.toString(), parent.regular(path.last()));
    }
  }

  /** The text of a whole file. */
  FileText read(WorkspacePath path) {
    return guarded(
        "read",
        path,
        () -> {
          try (OpenDirectory parent = open(path.parents(), Missing.FAIL)) {
            BasicFileAttributes found = parent.regular(path.last());
            byte[] bytes = parent.read(path.last(), settings.maxTextBytes());
            if (bytes.length > settings.maxTextBytes()) {
              throw FileErrors.tooLarge(settings.maxTextBytes(), bytes.length);
            }
            return new FileText(
                path.toString(),
                FileBytes.decode(path, bytes),
                bytes.length,
                found.lastModifiedTime().toMillis(),
                FileBytes.tag(bytes));
          }
        });
  }

  /** A part of a file. */
  FilePart part(WorkspacePath path, long offset, int length) {
    return guarded(
        "read",
        path,
        () -> {
          try (FileChannel file = open(path)) {
            ByteBuffer part =
                ByteBuffer.allocate((int) Math.max(0, Math.min(length, file.size() - offset)));
            for (long at = offset; part.hasRemaining(); ) {
              int read = file.read(part, at);
              if (read < 0) {
                break;
              }
              at += read;
            }
            return new FilePart(entryOf(path), FileBytes.tag(file), offset, part.flip());
          }
        });
  }

  /** Opens a file for reading; the caller closes it. Goes on with the same file when replaced. */
  FileChannel open(WorkspacePath path) throws IOException {
    try (OpenDirectory parent = open(path.parents(), Missing.FAIL)) {
      parent.regular(path.last());
      return parent.open(path.last(), StandardOpenOption.READ);
    }
  }

  /** The tag of a file, null when there is none. */
  @Nullable String tag(WorkspacePath path) throws IOException {
    try (FileChannel file = open(path)) {
      return FileBytes.tag(file);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  OpenDirectory open(List<String> names, Missing missing) throws IOException {
    List<String> all = new ArrayList<>(place);
    all.addAll(names);
    return OpenDirectory.walk(root, all, missing);
  }

  /** Moves the whole workspace to a directory of {@link Staging}; answers whether there was one. */
  boolean moveAway(String staged) throws IOException {
    List<String> above = place.subList(0, place.size() - 1);
    String last = place.get(place.size() - 1);
    try (OpenDirectory parent = OpenDirectory.walk(root, above, Missing.FAIL);
        OpenDirectory away = staging().open(staged)) {
      if (parent.stat(last) == null) {
        return false;
      }
      parent.move(last, away, last);
      parent.force();
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Deletes the directories that lead to a path, from the last, as long as nothing is in them. */
  void prune(WorkspacePath path) throws IOException {
    List<String> names = path.parents();
    while (!names.isEmpty()) {
      List<String> above = names.subList(0, names.size() - 1);
      try (OpenDirectory parent = open(above, Missing.FAIL)) {
        parent.deleteDirectory(names.get(names.size() - 1));
        parent.force();
      } catch (DirectoryNotEmptyException
          | NoSuchFileException
          | NotDirectoryException
          | RefusedFileException e) {
        return;
      }
      names = above;
    }
  }

  static FileEntry entry(String path, BasicFileAttributes found) {
    return new FileEntry(path, found.size(), found.lastModifiedTime().toMillis());
  }

  private ParleyException tooMany() {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "more than %d files and directories; list a directory inside"
                .formatted(settings.maxFilesListed()))
        .with("field", "path")
        .with("limit", settings.maxFilesListed());
  }

  /** Passes the files below a directory and counts all it passes, so that it ends. */
  private final class Walk {
    private final long most;
    private final Consumer<FileEntry> found;
    private long passed;

    Walk(long most, Consumer<FileEntry> found) {
      this.most = most;
      this.found = found;
    }

    void visit(OpenDirectory directory, String prefix, int depth) throws IOException {
      List<String> names = new ArrayList<>();
      directory.forEach(
          name -> {
            if (++passed > most) {
              throw tooMany();
            }
            names.add(name);
          });
      for (String name : names) {
        if (WorkspacePath.isName(name)) {
          one(directory, prefix + name, name, depth);
        }
      }
    }

    private void one(OpenDirectory directory, String path, String name, int depth)
        throws IOException {
      BasicFileAttributes attributes = directory.stat(name);
      if (attributes == null) {
        return;
      }
      if (attributes.isRegularFile()) {
        found.accept(entry(path, attributes));
      } else if (attributes.isDirectory() && depth + 1 < WorkspacePath.MAX_DEPTH) {
        try (OpenDirectory child = directory.child(name)) {
          visit(child, path + "/", depth + 1);
        } catch (NoSuchFileException | NotDirectoryException | RefusedFileException e) {
          LOG.debug("{} changed while it was listed", path, e);
        }
      }
    }
  }
}
