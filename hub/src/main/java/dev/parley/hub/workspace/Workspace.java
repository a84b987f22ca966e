package dev.parley.hub.workspace;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.Lanes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The files of one agent. Operations of one agent run one at a time in the order they came, so that
 * an append sees the write before it and no agent holds more than one thread of the pool. Nodes
 * that share a data directory take turns; see {@link Commits}.
 *
 * <p>Every operation may fail with {@code invalid_request} (field {@code path}: malformed, or it
 * leads through a symbolic link), {@code not_found}, or {@code unavailable} (the disk is full or
 * failing, or too much is waiting: nothing was changed); what changes something also with {@code
 * limit_exceeded} (the tenant's files take as much as they may) and, given a {@link Precondition},
 * with {@code precondition_failed}.
 */
public final class Workspace {
  private final Owner owner;
  private final WorkspaceFiles files;
  private final Parts parts;

  /** What all workspaces share. */
  record Parts(
      DiskWorkers workers,
      Lanes<AgentAddress> lanes,
      DiskWorkers longWorkers,
      Lanes<TenantId> longLanes,
      Commits commits,
      Transfers transfers) {}

  Workspace(Owner owner, WorkspaceFiles files, Parts parts) {
    this.owner = owner;
    this.files = files;
    this.parts = parts;
  }

  /**
   * Writes {@code SOUL.md} and {@code AGENTS.md} where they are missing.
   *
   * @param soul who the agent is, Markdown
   * @param agentsMd how it works, Markdown
   */
  public Future<Void> create(String soul, String agentsMd) {
    return writeIfMissing("SOUL.md", soul)
        .compose(written -> writeIfMissing("AGENTS.md", agentsMd));
  }

  private Future<Void> writeIfMissing(String name, String content) {
    return describe(name)
        .recover(
            failure ->
                is(failure, ErrorCode.NOT_FOUND)
                    ? write(name, content, Precondition.of(null, "*")).map(FileWritten::entry)
                    : Future.failedFuture(failure))
        .<Void>mapEmpty()
        .recover(
            failure ->
                is(failure, ErrorCode.PRECONDITION_FAILED)
                    ? Future.succeededFuture()
                    : Future.failedFuture(failure));
  }

  private static boolean is(Throwable failure, ErrorCode code) {
    return failure instanceof ParleyException refusal && refusal.code() == code;
  }

  /**
   * The files below a directory, at any depth, in the order of paths. Links, special files and what
   * the hub keeps for itself are left out; a workspace that was never written is empty.
   *
   * @param directory empty for the whole workspace
   * @return fails with {@code limit_exceeded} when there are more than {@link
   *     WorkspaceSettings#maxFilesListed()}
   */
  public Future<List<FileEntry>> list(String directory) {
    return run(() -> files.list(WorkspacePath.ofDirectory(directory)));
  }

  /** What is in a directory itself; as {@link #list}. */
  public Future<FileListing> listOne(String directory) {
    return run(() -> files.listOne(WorkspacePath.ofDirectory(directory)));
  }

  /** One file without its content. */
  public Future<FileEntry> describe(String path) {
    return run(() -> files.describe(WorkspacePath.ofFile(path)));
  }

  /**
   * A file's text; fails with {@code payload_too_large} beyond {@link
   * WorkspaceSettings#maxTextBytes()} and {@code conflict} when it is not UTF-8.
   */
  public Future<FileText> read(String path) {
    return run(() -> files.read(WorkspacePath.ofFile(path)));
  }

  /**
   * A part of a file of any size.
   *
   * @param length at most {@link WorkspaceSettings#maxTextBytes()}
   */
  public Future<FilePart> read(String path, long offset, int length) {
    int most = Math.min(length, files.settings().maxTextBytes());
    return run(() -> files.part(WorkspacePath.ofFile(path), offset, most));
  }

  /**
   * Makes a file hold this text, making directories as needed. Readers see the old or the new text,
   * never a part; when it answers, the text is on disk. Fails with {@code payload_too_large}.
   */
  public Future<FileEntry> write(String path, String content) {
    return write(path, content, Precondition.NONE).map(FileWritten::entry);
  }

  /** As {@link #write(String, String)}. */
  public Future<FileWritten> write(String path, String content, Precondition condition) {
    return writing(path, condition, content, FileChanges::write);
  }

  /** As {@link #write(String, String)}, bytes. */
  public Future<FileWritten> write(String path, ByteBuffer content, Precondition condition) {
    return change(
        "write",
        () -> WorkspacePath.ofFile(path),
        place -> FileChanges.write(files, place, content, condition));
  }

  /** Adds text to the end of a file, or makes it; as whole as {@link #write}. */
  public Future<FileEntry> append(String path, String content) {
    return writing(path, Precondition.NONE, content, FileChanges::append).map(FileWritten::entry);
  }

  /** As {@link #append(String, String)}, bytes. */
  public Future<FileWritten> append(String path, ByteBuffer content, Precondition condition) {
    return change(
        "write",
        () -> WorkspacePath.ofFile(path),
        place -> FileChanges.append(files, place, content, condition));
  }

  /**
   * Deletes a file or a directory without files; as {@link #delete(String, boolean, Precondition)}.
   */
  public Future<Boolean> delete(String path) {
    return delete(path, false, Precondition.NONE);
  }

  /**
   * Deletes what stands under a path; answers whether something did. A directory goes with the last
   * file in it.
   *
   * @param recursive also a directory that is not empty, which is else a {@code conflict}
   */
  public Future<Boolean> delete(String path, boolean recursive, Precondition condition) {
    return change(
        "delete",
        () -> WorkspacePath.ofFile(path),
        place -> FileChanges.delete(files, place, recursive, condition));
  }

  /** Deletes all files, those of the hub too: the agent is gone. */
  public Future<Void> deleteAll() {
    return change(
            "delete",
            () -> WorkspacePath.ROOT,
            place -> FileChanges.delete(files, place, true, Precondition.NONE))
        .compose(gone -> parts.commits.forget(owner));
  }

  /**
   * Gives a file or a directory another path.
   *
   * @param replace whether a file there may go; else {@code conflict}
   * @param condition on what is moved
   */
  public Future<FileEntry> move(String from, String to, boolean replace, Precondition condition) {
    return change(
        "move",
        () -> ParleyException.inField("source", () -> WorkspacePath.ofFile(from)),
        place ->
            FileChanges.move(
                files,
                place,
                ParleyException.inField("target", () -> WorkspacePath.ofFile(to)),
                replace,
                condition));
  }

  /**
   * Looks for files; one search of a tenant at a time. Fails with {@code limit_exceeded} when there
   * are more than can be listed.
   */
  public Future<FileMatches> search(FileQuery query) {
    return runLong(() -> new FileSearch(files, query).run());
  }

  /**
   * Begins an archive of the files below a directory; the caller closes it. Fails with {@code
   * limit_exceeded} when there are more than can be listed, and with {@code rate_limited}.
   *
   * @param directory empty for the whole workspace
   */
  public Future<ArchiveExport> export(String directory, ArchiveFormat format) {
    return transferring(
        () ->
            runLong(
                () -> {
                  WorkspacePath start = WorkspacePath.ofDirectory(directory);
                  List<FileEntry> entries = files.list(start);
                  return FileErrors.guarded(
                      "read",
                      start,
                      () ->
                          new ArchiveExport(
                              files, entries, format, parts.longWorkers, this::transferred));
                }));
  }

  /**
   * Begins to take an archive; the caller commits or aborts the upload. Committing refuses with
   * {@code invalid_request} naming {@code body} what must not come in, and with {@code conflict}
   * what exists, before anything is changed. When a file cannot be put in its place then after all,
   * those before it stay: {@code details.written} says how many.
   *
   * @param directory empty for the whole workspace
   * @param expected bytes of the archive, negative when not known
   */
  public Future<FileUpload<Imported>> importInto(
      String directory,
      ArchiveFormat format,
      boolean replace,
      long expected,
      ImportProgress progress) {
    WorkspacePath start;
    try {
      start = WorkspacePath.ofDirectory(directory);
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    Importing importing =
        new Importing(
            files,
            start,
            format,
            replace,
            progress,
            (path, change) -> change("write", () -> path, place -> change.get()));
    long limit = files.settings().maxFileBytes();
    FileUpload.Bound bound =
        new FileUpload.Bound(limit, bytes -> FileErrors.tooLarge(limit, bytes));
    return transferring(
        () ->
            run(
                () ->
                    FileErrors.guarded(
                        "write",
                        start,
                        () ->
                            this.<Imported>begin(
                                bound, expected, upload -> unpack(importing, upload)))));
  }

  private Future<Imported> unpack(Importing importing, FileUpload<Imported> upload) {
    return parts
        .commits
        .usage(owner.scope())
        .compose(
            usage ->
                parts.longLanes.run(
                    owner.scope().tenant(),
                    () ->
                        parts
                            .longWorkers
                            .run(
                                () ->
                                    FileErrors.guarded(
                                        "import",
                                        WorkspacePath.ROOT,
                                        () -> importing.unpack(upload.staged(), usage)))
                            .compose(
                                unpacked ->
                                    importing
                                        .put(unpacked, 0, 0)
                                        .eventually(
                                            () ->
                                                parts.longWorkers.run(
                                                    () -> {
                                                      importing.discard(unpacked);
                                                      return unpacked;
                                                    })))));
  }

  /** Runs what may take seconds, apart from what must not wait for it. */
  private <T> Future<T> runLong(Callable<T> work) {
    return parts.longLanes.run(owner.scope().tenant(), () -> parts.longWorkers.run(work));
  }

  /**
   * Text as the bytes that a file holds.
   *
   * @throws ParleyException {@code invalid_request} naming {@code content}: half a surrogate pair
   */
  public static ByteBuffer utf8(String content) {
    return FileBytes.encode(content);
  }

  /** Opens a file for reading; the caller closes it. Fails with {@code rate_limited}. */
  public Future<FileDownload> download(String path) {
    return transferring(
        () ->
            run(
                () -> {
                  WorkspacePath place = WorkspacePath.ofFile(path);
                  return FileErrors.guarded(
                      "read",
                      place,
                      () -> {
                        FileChannel file = files.open(place);
                        try {
                          FileEntry entry = files.entryOf(place);
                          return new FileDownload(
                              new FileEntry(entry.name(), file.size(), entry.updatedAtMs()),
                              FileBytes.tag(file),
                              file,
                              parts.workers,
                              this::transferred);
                        } catch (IOException | RuntimeException e) {
                          file.close();
                          throw e;
                        }
                      });
                }));
  }

  /**
   * Begins to write a file of any size; the caller commits or aborts it.
   *
   * @param expected bytes, negative when not known: what cannot fit is refused before it comes
   * @return fails with {@code rate_limited} too
   */
  public Future<FileUpload<FileWritten>> upload(
      String path, long expected, Precondition condition) {
    long limit = files.settings().maxFileBytes();
    WorkspacePath place;
    try {
      place = WorkspacePath.ofFile(path);
      if (expected > limit) {
        throw FileErrors.tooLarge(limit, expected);
      }
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    return transferring(
        () ->
            parts
                .commits
                .usage(owner.scope())
                .compose(
                    usage ->
                        run(
                            () ->
                                FileErrors.guarded(
                                    "write",
                                    place,
                                    () ->
                                        this.<FileWritten>begin(
                                            bound(files.measure(place).bytes(), usage),
                                            expected,
                                            upload -> commit(place, upload, condition))))));
  }

  private FileUpload.Bound bound(long freed, FileUsage usage) {
    long limit = files.settings().maxFileBytes();
    long room = Math.max(0, usage.maxBytes() - usage.bytes() + freed);
    return room < limit
        ? new FileUpload.Bound(
            room,
            bytes ->
                Books.full(owner.scope(), true, usage.bytes(), bytes - freed, usage.maxBytes()))
        : new FileUpload.Bound(limit, bytes -> FileErrors.tooLarge(limit, bytes));
  }

  private <R> FileUpload<R> begin(
      FileUpload.Bound bound, long expected, Function<FileUpload<R>, Future<R>> commit)
      throws IOException {
    if (expected > bound.bytes()) {
      throw bound.beyond().apply(expected);
    }
    String staged = Staging.newName();
    return new FileUpload<>(
        staged,
        files.staging().create(staged),
        bound,
        files.staging(),
        parts.workers,
        commit,
        this::transferred);
  }

  private Future<FileWritten> commit(
      WorkspacePath place, FileUpload<FileWritten> upload, Precondition condition) {
    FileWritten ready =
        new FileWritten(new FileEntry(place.toString(), upload.received(), 0), upload.tag());
    return change(
        "write",
        () -> place,
        path -> FileChanges.put(files, path, upload.staged(), ready, condition));
  }

  private <T> Future<T> transferring(Supplier<Future<T>> begin) {
    try {
      parts.transfers.begin(owner.scope().tenant());
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    return begin.get().onFailure(failure -> transferred());
  }

  private void transferred() {
    parts.transfers.end(owner.scope().tenant());
  }

  private interface Making<R> {
    Change<R> of(WorkspaceFiles files, WorkspacePath path, ByteBuffer bytes, Precondition when);
  }

  private Future<FileWritten> writing(
      String path, Precondition condition, String content, Making<FileWritten> making) {
    return change(
        "write",
        () -> WorkspacePath.ofFile(path),
        place -> making.of(files, place, FileBytes.encode(content), condition));
  }

  private <R> Future<R> change(
      String verb, Supplier<WorkspacePath> path, Function<WorkspacePath, Change<R>> change) {
    Commits.Task<R> task;
    try {
      WorkspacePath place = path.get();
      task = new Commits.Task<>(verb, place, change.apply(place));
    } catch (ParleyException refusal) {
      return Future.failedFuture(refusal);
    }
    return parts.lanes.run(owner.address(), () -> parts.commits.run(owner, files, task));
  }

  private <T> Future<T> run(Callable<T> work) {
    return parts.lanes.run(owner.address(), () -> parts.workers.run(work));
  }
}
