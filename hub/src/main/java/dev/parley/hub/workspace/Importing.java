package dev.parley.hub.workspace;

import dev.parley.hub.workspace.ArchiveImport.Bound;
import dev.parley.hub.workspace.ArchiveImport.Unpacked;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;

/**
 * An import that is under way: first all is unpacked and looked at, then one file after the other
 * is put in its place, each whole and each counted, in turn with the agent's other changes.
 */
final class Importing {
  private static final int TIMES_A_FILE = 4;

  private final WorkspaceFiles files;
  private final WorkspacePath directory;
  private final ArchiveFormat format;
  private final boolean replace;
  private final ImportProgress progress;
  private final Putting putting;

  /** Puts a file that is in {@link Staging} in its place. */
  interface Putting {
    Future<FileWritten> put(WorkspacePath path, Supplier<Change<FileWritten>> change);
  }

  Importing(
      WorkspaceFiles files,
      WorkspacePath directory,
      ArchiveFormat format,
      boolean replace,
      ImportProgress progress,
      Putting putting) {
    this.files = files;
    this.directory = directory;
    this.format = format;
    this.replace = replace;
    this.progress = progress;
    this.putting = putting;
  }

  /** Unpacks what is in {@link Staging}; blocks. */
  List<Unpacked> unpack(String staged, FileUsage usage) throws IOException {
    Tally freed = replace ? files.measure(WorkspacePath.ROOT) : Tally.NOTHING;
    Bound bound =
        new Bound(
            Math.min(
                files.settings().maxFilesListed(),
                Math.max(0, usage.maxFiles() - usage.files() + freed.files())),
            Math.min(
                TIMES_A_FILE * files.settings().maxFileBytes(),
                Math.max(0, usage.maxBytes() - usage.bytes() + freed.bytes())));
    List<Unpacked> unpacked =
        new ArchiveImport(
                files,
                directory,
                bound,
                step -> progress.reached(step.phase(), step.files(), step.bytes()))
            .unpack(staged, format);
    try {
      requireRoom(unpacked);
      return unpacked;
    } catch (IOException | RuntimeException e) {
      unpacked.forEach(file -> files.staging().discard(file.staged()));
      throw e;
    }
  }

  private void requireRoom(List<Unpacked> unpacked) throws IOException {
    for (Unpacked file : unpacked) {
      if (!replace && files.stat(file.path()) != null) {
        throw new ParleyException(
                ErrorCode.CONFLICT,
                "%s exists already; nothing was changed: import with replace, or into a directory"
                    .formatted(file.path()))
            .with("field", "body");
      }
    }
  }

  /** Puts all in place, from this one on. */
  Future<Imported> put(List<Unpacked> unpacked, int next, long bytes) {
    if (next == unpacked.size()) {
      return Future.succeededFuture(new Imported(next, bytes));
    }
    Unpacked file = unpacked.get(next);
    Precondition condition = replace ? Precondition.NONE : Precondition.of(null, "*");
    return putting
        .put(
            file.path(),
            () -> FileChanges.put(files, file.path(), file.staged(), file.ready(), condition))
        .compose(
            written -> {
              long whole = bytes + written.entry().size();
              progress.reached("writing", next + 1, whole);
              return put(unpacked, next + 1, whole);
            },
            failure ->
                Future.failedFuture(
                    failure instanceof ParleyException refusal
                        ? refusal.with("written", next)
                        : failure));
  }

  void discard(List<Unpacked> unpacked) {
    unpacked.forEach(file -> files.staging().discard(file.staged()));
  }
}
