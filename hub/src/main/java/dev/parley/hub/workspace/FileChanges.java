package dev.parley.hub.workspace;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;

/** The kinds of {@link Change}. */
final class FileChanges {
  private FileChanges() {}

  /** A file is replaced by one that is made ready. */
  private abstract static class Replacement implements Change<FileWritten> {
    final WorkspaceFiles files;
    final WorkspacePath path;
    final Precondition condition;
    final String staged;
    String tag = "";

    Replacement(WorkspaceFiles files, WorkspacePath path, Precondition condition, String staged) {
      this.files = files;
      this.path = path;
      this.condition = condition;
      this.staged = staged;
    }

    @Override
    public final List<WorkspacePath> touched() {
      return List.of(path);
    }

    @Override
    public final String staged() {
      return staged;
    }

    @Override
    public final FileWritten perform() throws IOException {
      if (!condition.isEmpty()) {
        condition.require(files.tag(path), path.toString());
      }
      boolean done = false;
      try {
        FileEntry entry =
            OpenDirectory.retrying(
                () -> {
                  try (OpenDirectory parent = files.open(path.parents(), Missing.CREATE)) {
                    if (parent.stat(path.last()) != null) {
                      parent.regular(path.last());
                    }
                    files.staging().moveInto(staged, parent, path.last());
                    return WorkspaceFiles.entry(path.toString(), parent.regular(path.last()));
                  }
                });
        done = true;
        return new FileWritten(entry, tag);
      } catch (NoSuchFileException e) {
        throw new FileSystemException(path.toString(), null, "another node took the change over");
      } finally {
        if (!done) {
          files.prune(path);
        }
      }
    }

    @Override
    public final void discard() {
      files.staging().discard(staged);
    }
  }

  /** A file of these bytes. */
  static Change<FileWritten> write(
      WorkspaceFiles files, WorkspacePath path, ByteBuffer bytes, Precondition condition) {
    int limit = files.settings().maxTextBytes();
    if (bytes.remaining() > limit) {
      throw FileErrors.tooLarge(limit, bytes.remaining());
    }
    return new Replacement(files, path, condition, Staging.newName()) {
      private boolean ready;

      @Override
      public Tally prepare(Tally before) throws IOException {
        if (!ready) {
          files.staging().write(staged, bytes.duplicate());
          tag = FileBytes.tag(bytes);
          ready = true;
        }
        return new Tally(bytes.remaining(), 1);
      }
    };
  }

  /**
   * A file that is in {@link Staging} already.
   *
   * @param ready its size and tag
   */
  static Change<FileWritten> put(
      WorkspaceFiles files,
      WorkspacePath path,
      String staged,
      FileWritten ready,
      Precondition condition) {
    return new Replacement(files, path, condition, staged) {
      @Override
      public Tally prepare(Tally before) {
        tag = ready.tag();
        return new Tally(ready.entry().size(), 1);
      }
    };
  }

  /** What is there, with these bytes behind it. */
  static Change<FileWritten> append(
      WorkspaceFiles files, WorkspacePath path, ByteBuffer added, Precondition condition) {
    return new Replacement(files, path, condition, Staging.newName()) {
      @Override
      public Tally prepare(Tally before) throws IOException {
        long limit = files.settings().maxAppendedBytes();
        if (before.bytes() + added.remaining() > limit) {
          throw FileErrors.tooLarge(limit, before.bytes() + added.remaining());
        }
        files.staging().remove(staged);
        try (FileChannel whole = files.staging().create(staged)) {
          copy(whole);
          ByteBuffer rest = added.duplicate();
          while (rest.hasRemaining()) {
            whole.write(rest);
          }
          whole.force(true);
          tag = FileBytes.tag(whole);
          return new Tally(whole.size(), 1);
        }
      }

      private void copy(FileChannel whole) throws IOException {
        try (FileChannel old = files.open(path)) {
          long size = old.size();
          for (long at = 0; at < size; ) {
            at += old.transferTo(at, size - at, whole);
          }
        } catch (NoSuchFileException e) {
          whole.position(0);
        }
      }
    };
  }

  /**
   * A file, an empty directory, or a tree, goes: out of the workspace first, then away.
   *
   * @param path the root for the whole workspace
   */
  static Change<Boolean> delete(
      WorkspaceFiles files, WorkspacePath path, boolean recursive, Precondition condition) {
    String staged = Staging.newName();
    return new Change<>() {
      private boolean ready;

      @Override
      public List<WorkspacePath> touched() {
        return List.of(path);
      }

      @Override
      public String staged() {
        return staged;
      }

      @Override
      public Tally prepare(Tally before) throws IOException {
        if (!ready) {
          files.staging().makeDirectory(staged);
          ready = true;
        }
        return Tally.NOTHING;
      }

      @Override
      public Boolean perform() throws IOException {
        if (!condition.isEmpty()) {
          condition.require(files.tag(path), path.toString());
        }
        boolean gone = path.depth() == 0 ? files.moveAway(staged) : moveAway();
        if (gone && path.depth() > 0) {
          files.prune(path);
        }
        return gone;
      }

      private boolean moveAway() throws IOException {
        try (OpenDirectory parent = files.open(path.parents(), Missing.FAIL);
            OpenDirectory away = files.staging().open(staged)) {
          BasicFileAttributes found = parent.stat(path.last());
          if (found == null) {
            return false;
          }
          if (!found.isDirectory()) {
            parent.regular(path.last());
          } else if (!recursive && files.measure(path).files() > 0) {
            throw FileErrors.notEmpty(path);
          }
          parent.move(path.last(), away, "gone");
          parent.force();
          return true;
        } catch (NoSuchFileException e) {
          return false;
        }
      }

      @Override
      public void discard() {
        files.staging().discard(staged);
      }
    };
  }

  /** A file or a tree gets another path. */
  static Change<FileEntry> move(
      WorkspaceFiles files,
      WorkspacePath from,
      WorkspacePath to,
      boolean replace,
      Precondition condition) {
    if (to.isWithin(from) || from.isWithin(to)) {
      throw ParleyException.invalid(
          "target", "%s and %s are within one another".formatted(from, to));
    }
    return new Change<>() {
      @Override
      public List<WorkspacePath> touched() {
        return List.of(from, to);
      }

      @Override
      public String staged() {
        return "";
      }

      @Override
      public Tally prepare(Tally before) throws IOException {
        BasicFileAttributes found = files.stat(from);
        if (found != null && found.isDirectory()) {
          int start = from.toString().length();
          files.walk(
              from,
              Long.MAX_VALUE,
              file ->
                  ParleyException.inField(
                      "target", () -> WorkspacePath.ofFile(to + file.name().substring(start))));
        }
        return before;
      }

      @Override
      public FileEntry perform() throws IOException {
        if (!condition.isEmpty()) {
          condition.require(files.tag(from), from.toString());
        }
        boolean done = false;
        try {
          FileEntry moved = OpenDirectory.retrying(this::rename);
          done = true;
          files.prune(from);
          return moved;
        } finally {
          if (!done) {
            files.prune(to);
          }
        }
      }

      private FileEntry rename() throws IOException {
        try (OpenDirectory source = files.open(from.parents(), Missing.FAIL)) {
          BasicFileAttributes found = source.stat(from.last());
          if (found == null) {
            throw ParleyException.notFound(from.toString()).with("field", "source");
          }
          if (!found.isDirectory()) {
            source.regular(from.last());
          }
          try (OpenDirectory target = files.open(to.parents(), Missing.CREATE)) {
            BasicFileAttributes there = target.stat(to.last());
            if (there != null && (!replace || found.isDirectory() || !there.isRegularFile())) {
              throw new ParleyException(
                      ErrorCode.CONFLICT,
                      "%s exists already; choose another name, or replace a file".formatted(to))
                  .with("field", "target");
            }
            source.move(from.last(), target, to.last());
            target.force();
          }
          source.force();
          return WorkspaceFiles.entry(to.toString(), found);
        }
      }

      @Override
      public void discard() {}
    };
  }
}
