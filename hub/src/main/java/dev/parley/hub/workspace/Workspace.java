package dev.parley.hub.workspace;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.disk.Lanes;
import dev.parley.protocol.address.AgentAddress;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * The files of one agent. Operations of one agent run one at a time in the order they came, so that
 * an append sees the write before it and no agent holds more than one thread of the pool.
 *
 * <p>Every operation may fail with {@code invalid_request} (field {@code path}: malformed, or it
 * leads through a symbolic link), {@code not_found}, or {@code unavailable} (the disk is full or
 * failing, or too much is waiting: nothing was changed).
 */
public final class Workspace {
  private final AgentAddress owner;
  private final WorkspaceFiles files;
  private final DiskWorkers workers;
  private final Lanes<AgentAddress> lanes;

  Workspace(
      AgentAddress owner, WorkspaceFiles files, DiskWorkers workers, Lanes<AgentAddress> lanes) {
    this.owner = owner;
    this.files = files;
    this.workers = workers;
    this.lanes = lanes;
  }

  /**
   * Writes {@code SOUL.md} and {@code AGENTS.md} where they are missing.
   *
   * @param soul who the agent is, Markdown
   * @param agentsMd how it works, Markdown
   */
  public Future<Void> create(String soul, String agentsMd) {
    return run(() -> {
          files.writeIfMissing(WorkspacePath.ofFile("SOUL.md"), soul);
          files.writeIfMissing(WorkspacePath.ofFile("AGENTS.md"), agentsMd);
          return true;
        })
        .mapEmpty();
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

  /** One file without its content. */
  public Future<FileEntry> describe(String path) {
    return run(() -> files.describe(WorkspacePath.ofFile(path)));
  }

  /**
   * A file's text; fails with {@code payload_too_large} beyond {@link
   * WorkspaceSettings#maxFileBytes()} and {@code conflict} when it is not UTF-8.
   */
  public Future<FileText> read(String path) {
    return run(() -> files.read(WorkspacePath.ofFile(path)));
  }

  /**
   * Makes a file hold this text, making directories as needed. Readers see the old or the new text,
   * never a part; when it answers, the text is on disk. Fails with {@code payload_too_large}.
   */
  public Future<FileEntry> write(String path, String content) {
    return run(() -> files.write(WorkspacePath.ofFile(path), content));
  }

  /** Adds text to the end of a file, or makes it; as whole as {@link #write}. */
  public Future<FileEntry> append(String path, String content) {
    return run(() -> files.append(WorkspacePath.ofFile(path), content));
  }

  /**
   * Deletes a file or an empty directory; answers whether it was there. Fails with {@code conflict}
   * when a directory is not empty.
   */
  public Future<Boolean> delete(String path) {
    return run(() -> files.delete(WorkspacePath.ofFile(path)));
  }

  private <T> Future<T> run(Callable<T> work) {
    return lanes.run(owner, () -> workers.run(work));
  }
}
