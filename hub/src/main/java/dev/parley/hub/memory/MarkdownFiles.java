package dev.parley.hub.memory;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.memory.Source.FileState;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.workspace.FileEntry;
import dev.parley.hub.workspace.FileText;
import dev.parley.hub.workspace.Workspace;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Markdown memory of agents: {@code MEMORY.md} and {@code memory/*.md} of their workspaces,
 * which anybody may change at any time. Before a search the files are looked at and those read that
 * have another size or time than when they were indexed. A file that was written just before it was
 * read is read again next time, as a later write may have left it the same size and time.
 */
final class MarkdownFiles {
  private static final Logger LOG = LoggerFactory.getLogger(MarkdownFiles.class);
  private static final String FILE = "MEMORY.md";
  private static final String DIRECTORY = "memory";
  private static final long TOO_LATE_TO_TELL_MS = 2_000;

  private final Workspaces workspaces;
  private final DiskWorkers workers;
  private final InstantSource clock;
  private final int maxFiles;

  MarkdownFiles(
      Workspaces workspaces, DiskWorkers workers, InstantSource clock, int maxFilesPerAgent) {
    this.workspaces = workspaces;
    this.workers = workers;
    this.clock = clock;
    this.maxFiles = maxFilesPerAgent;
  }

  /** The text of a file; fails with {@code not_found}. */
  Future<MemoryText> read(TenantScope scope, DocumentName name) {
    return workspaces
        .of(scope, name.agent())
        .read(name.id())
        .map(
            file ->
                new MemoryText(
                    name.id(),
                    name.agent().value(),
                    "file",
                    file.text(),
                    1,
                    0,
                    0,
                    null,
                    null,
                    file.updatedAtMs()));
  }

  /** Brings the files of these agents in the index up to now. */
  Future<Void> catchUp(
      TenantScope scope,
      TenantIndex index,
      Collection<AgentId> agents,
      @Nullable String fingerprint) {
    List<Future<List<FileEntry>>> listings = new ArrayList<>();
    List<AgentId> order = List.copyOf(agents);
    order.forEach(agent -> listings.add(list(workspaces.of(scope, agent))));
    return Future.all(listings)
        .compose(
            listed -> {
              Future<Void> done = Future.succeededFuture();
              for (int i = 0; i < order.size(); i++) {
                AgentId agent = order.get(i);
                List<FileEntry> files = listings.get(i).result();
                done = done.compose(next -> compare(scope, index, agent, files, fingerprint));
              }
              return done;
            });
  }

  private Future<List<FileEntry>> list(Workspace workspace) {
    Future<List<FileEntry>> one =
        workspace.describe(FILE).map(List::of).recover(MarkdownFiles::none);
    Future<List<FileEntry>> more = workspace.list(DIRECTORY).recover(MarkdownFiles::none);
    return Future.all(one, more)
        .map(
            both -> {
              List<FileEntry> files = new ArrayList<>(one.result());
              more.result().stream()
                  .filter(file -> DocumentName.isMemoryFile(file.name()))
                  .sorted(Comparator.comparing(FileEntry::name).reversed())
                  .limit(maxFiles)
                  .forEach(files::add);
              return files;
            });
  }

  /** What cannot be listed for what it is, is none; a disk that fails is another matter. */
  private static Future<List<FileEntry>> none(Throwable failure) {
    return failure instanceof ParleyException e && e.code() != ErrorCode.UNAVAILABLE
        ? Future.succeededFuture(List.of())
        : Future.failedFuture(failure);
  }

  private Future<Void> compare(
      TenantScope scope,
      TenantIndex index,
      AgentId agent,
      List<FileEntry> files,
      @Nullable String fingerprint) {
    return workers
        .run(() -> index.files(agent))
        .compose(
            indexed -> {
              Map<String, FileState> gone = new HashMap<>(indexed);
              Future<Void> done = Future.succeededFuture();
              for (FileEntry file : files) {
                FileState known = gone.remove(file.name());
                if (known == null
                    || known.size() != file.size()
                    || known.updatedAt() != file.updatedAtMs()) {
                  DocumentName name = new DocumentName(agent, file.name());
                  done = done.compose(next -> take(scope, index, name, file, known, fingerprint));
                }
              }
              return done.compose(next -> remove(scope, index, agent, gone));
            });
  }

  private Future<Void> take(
      TenantScope scope,
      TenantIndex index,
      DocumentName name,
      FileEntry entry,
      @Nullable FileState known,
      @Nullable String fingerprint) {
    long now = clock.millis();
    return workspaces
        .of(scope, name.agent())
        .read(name.id())
        .recover(failure -> unreadable(entry, failure))
        .compose(
            text ->
                workers.run(
                    () -> {
                      long time =
                          text.updatedAtMs() < now - TOO_LATE_TO_TELL_MS ? text.updatedAtMs() : 0;
                      FileState state = new FileState(text.size(), time, text.hash());
                      if (!state.equals(known)) {
                        index.put(
                            new Source(
                                name,
                                List.of(),
                                null,
                                text.updatedAtMs(),
                                state,
                                Chunker.chunks(text.text()),
                                fingerprint == null
                                    ? null
                                    : new VectorFiles(scope).read(name, fingerprint)));
                      }
                      return true;
                    }))
        .mapEmpty();
  }

  /** A file that is no text is remembered as empty, so that it is not read for each search. */
  private static Future<FileText> unreadable(FileEntry entry, Throwable failure) {
    if (failure instanceof ParleyException e && e.code() != ErrorCode.UNAVAILABLE) {
      LOG.debug("{} is not searched", entry.name(), failure);
      return Future.succeededFuture(
          new FileText(entry.name(), "", entry.size(), entry.updatedAtMs(), "unreadable"));
    }
    return Future.failedFuture(failure);
  }

  private Future<Void> remove(
      TenantScope scope, TenantIndex index, AgentId agent, Map<String, FileState> gone) {
    if (gone.isEmpty()) {
      return Future.succeededFuture();
    }
    return workers
        .run(
            () -> {
              for (String path : gone.keySet()) {
                DocumentName name = new DocumentName(agent, path);
                index.remove(name);
                new VectorFiles(scope).delete(name);
              }
              return true;
            })
        .mapEmpty();
  }
}
