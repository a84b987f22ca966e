package dev.parley.hub.memory;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.memory.Catalogue.Row;
import dev.parley.hub.model.Embeddings;
import dev.parley.hub.quota.Budgets;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.Account;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.Tenants;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The memory of agents. Whose memory is meant, and whether who asks may have it, has been decided
 * before; a scope reaches that of its tenant only.
 */
public final class Memories {
  private static final int ID_CHARS = 24;
  private static final int MOST_SCANNED = 2_000;
  private static final int SCANNED_AT_ONCE = 200;

  /** What memory works with. */
  public record Parts(
      Store store,
      Tenants tenants,
      AgentDirectory agents,
      Workspaces workspaces,
      Embeddings embeddings,
      Budgets budgets,
      InstantSource clock) {}

  /**
   * A document to put.
   *
   * @param id null to make one of the text
   */
  public record Draft(
      @Nullable String id, String text, List<String> tags, @Nullable String session) {}

  /** Documents; {@code next} is where the next page begins, null at the end. */
  public record Page(List<MemoryDocument> documents, @Nullable String next) {}

  private final Vertx vertx;
  private final MemorySettings settings;
  private final Parts parts;
  private final Catalogue catalogue;
  private final DiskWorkers workers;
  private final OpenIndexes indexes;
  private final MarkdownFiles markdown;
  private final MemorySearch search;
  private final AtomicLong searches = new AtomicLong();

  public Memories(Vertx vertx, MemorySettings settings, Parts parts) {
    this.vertx = vertx;
    this.settings = settings;
    this.parts = parts;
    this.catalogue = new Catalogue(parts.store(), parts.tenants());
    this.workers = new DiskWorkers(vertx, "memory", settings.threads(), settings.maxWaiting());
    this.indexes = new OpenIndexes(vertx, settings, workers);
    this.markdown =
        new MarkdownFiles(parts.workspaces(), workers, parts.clock(), settings.maxFilesPerAgent());
    Indexer indexer = new Indexer(catalogue, workers, parts.clock(), settings.maxDocumentBytes());
    this.search =
        new MemorySearch(
            indexes, indexer, markdown, workers, new Embedder(parts.embeddings()), this::account);
  }

  /**
   * Puts a document, in place of the one of that id; when it answers, the document is on disk and a
   * search on any node finds it.
   *
   * @return fails with {@code limit_exceeded} naming {@code memory_documents} or {@code
   *     memory_bytes}, {@code payload_too_large}, {@code not_found} for the agent, {@code
   *     unavailable} when disk or store fail: then nothing was changed
   */
  public Future<MemoryDocument> put(TenantScope scope, AgentId agent, Draft draft) {
    byte[] text = utf8(draft.text());
    if (text.length > settings.maxDocumentBytes()) {
      return Future.failedFuture(tooLarge(text.length));
    }
    if (draft.text().isBlank()) {
      return Future.failedFuture(ParleyException.invalid("text", "the text is empty"));
    }
    String given = draft.id();
    String id = given == null ? "m" + Vectors.hash(draft.text()).substring(0, ID_CHARS) : given;
    DocumentName name = new DocumentName(agent, id);
    return catalogue
        .check(scope, name, text.length)
        .compose(old -> write(scope, name, draft, old))
        .onSuccess(put -> search.embedSoon(scope));
  }

  private Future<MemoryDocument> write(
      TenantScope scope, DocumentName name, Draft draft, @Nullable Head old) {
    long now = parts.clock().millis();
    DocumentFiles.Stored stored =
        new DocumentFiles.Stored(
            name.id(),
            draft.text(),
            draft.tags(),
            draft.session(),
            old == null ? now : old.createdAt(),
            now);
    String stamp = DocumentFiles.stamp(now);
    Head head = stored.head(stamp);
    DocumentFiles files = files(scope);
    return workers
        .run(
            () -> {
              files.write(name, stamp, stored);
              return true;
            })
        .compose(written -> commit(scope, files, name, head))
        .map(head.describe(name));
  }

  private Future<Void> commit(
      TenantScope scope, DocumentFiles files, DocumentName name, Head head) {
    return catalogue
        .put(scope, name, head)
        .compose(
            replaced ->
                replaced == null || replaced.stamp().equals(head.stamp())
                    ? Future.succeededFuture()
                    : discard(files, name, replaced.stamp()),
            refused ->
                refused instanceof ParleyException e && e.code() == ErrorCode.UNAVAILABLE
                    ? Future.failedFuture(refused)
                    : discard(files, name, head.stamp())
                        .transform(gone -> Future.failedFuture(refused)));
  }

  /**
   * Leaves a file that cannot be deleted now to the next time that catalogue and disk are compared.
   */
  private Future<Void> discard(DocumentFiles files, DocumentName name, String stamp) {
    return workers
        .run(
            () -> {
              files.deleteOne(name, stamp);
              return true;
            })
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  /**
   * The text of a document or of a Markdown file of the agent's workspace.
   *
   * @param from the first line, from 1
   * @param lines how many at most
   * @return fails with {@code not_found}, or {@code invalid_request} for a path that is no memory
   */
  public Future<MemoryText> get(TenantScope scope, AgentId agent, String id, int from, int lines) {
    DocumentName name = new DocumentName(agent, id);
    Future<MemoryText> whole;
    if (DocumentName.isDocumentId(id)) {
      whole = document(scope, name);
    } else if (DocumentName.isMemoryFile(id)) {
      whole = markdown.read(scope, name);
    } else {
      whole =
          Future.failedFuture(
              ParleyException.invalid(
                  "id", "memory is a document's id, MEMORY.md, or memory/<name>.md"));
    }
    return here(whole.map(text -> text.cut(from, lines)));
  }

  private Future<MemoryText> document(TenantScope scope, DocumentName name) {
    return catalogue
        .find(scope, name)
        .compose(
            head ->
                head == null
                    ? Future.failedFuture(notFound(name))
                    : workers.run(
                        () -> {
                          DocumentFiles.Stored stored = files(scope).read(name, head.stamp());
                          if (stored == null) {
                            throw notFound(name);
                          }
                          return new MemoryText(
                              name.id(),
                              name.agent().value(),
                              "document",
                              stored.text(),
                              1,
                              0,
                              0,
                              stored.tags(),
                              stored.session(),
                              stored.updatedAt());
                        }));
  }

  /**
   * Documents, those written last first.
   *
   * @param agents whose
   * @param cursor as the page before gave it, or null
   */
  public Future<Page> list(
      TenantScope scope,
      Set<AgentId> agents,
      MemoryFilter filter,
      @Nullable String cursor,
      int limit) {
    return scan(
        scope,
        row -> agents.contains(row.name().agent()),
        filter,
        cursor == null ? null : Long.valueOf(cursor),
        limit,
        new ArrayList<>(),
        0);
  }

  private Future<Page> scan(
      TenantScope scope,
      Predicate<Row> whose,
      MemoryFilter filter,
      @Nullable Long before,
      int limit,
      List<MemoryDocument> found,
      int scanned) {
    return catalogue
        .list(scope, before, SCANNED_AT_ONCE)
        .compose(
            rows -> {
              for (Row row : rows) {
                Head head = row.head();
                if (head != null && whose.test(row)) {
                  MemoryDocument document = head.describe(row.name());
                  if (filter.admits(document)) {
                    found.add(document);
                    if (found.size() == limit) {
                      return Future.succeededFuture(new Page(found, Long.toString(row.revision())));
                    }
                  }
                }
              }
              if (rows.size() < SCANNED_AT_ONCE) {
                return Future.succeededFuture(new Page(found, null));
              }
              long last = rows.get(rows.size() - 1).revision();
              return scanned + rows.size() >= MOST_SCANNED
                  ? Future.succeededFuture(new Page(found, Long.toString(last)))
                  : scan(scope, whose, filter, last, limit, found, scanned + rows.size());
            });
  }

  /**
   * Searches.
   *
   * @param agents whose memory, none for an empty answer
   * @param account who pays for the query's vector when the tenant's provider makes it; null for
   *     the tenant itself
   * @return fails with {@code unavailable} when too much is waiting, {@code invalid_request} when
   *     it is over too many agents
   */
  public Future<MemoryFound> search(
      TenantScope scope,
      List<AgentId> agents,
      String query,
      MemoryFilter filter,
      int limit,
      @Nullable Account account) {
    if (agents.size() > settings.maxAgentsPerSearch()) {
      return Future.failedFuture(
          ParleyException.invalid(
              "agentId",
              "%d agents are more than one search reaches over; name one"
                  .formatted(agents.size())));
    }
    searches.incrementAndGet();
    if (agents.isEmpty()) {
      return Future.succeededFuture(
          new MemoryFound(null, HashingEmbedder.NAME, null, "hybrid", List.of(), null));
    }
    Account payer = account == null ? account(scope, agents.get(0)) : account;
    return here(search.run(scope, agents, query, filter, limit, payer));
  }

  /** Deletes a document; answers whether it was there. */
  public Future<Boolean> delete(TenantScope scope, AgentId agent, String id) {
    DocumentName name = new DocumentName(agent, id);
    return catalogue
        .find(scope, name)
        .compose(
            head ->
                head == null
                    ? Future.succeededFuture(false)
                    : workers
                        .run(
                            () -> {
                              files(scope).delete(name, head.stamp());
                              new VectorFiles(scope).delete(name);
                              return true;
                            })
                        .compose(gone -> catalogue.forget(scope, name, head))
                        .map(true));
  }

  /** Deletes all documents of an agent, so that a later one of its name does not have them. */
  public Future<Void> deleteOf(TenantScope scope, AgentId agent) {
    return list(scope, Set.of(agent), MemoryFilter.NONE, null, SCANNED_AT_ONCE)
        .compose(
            page -> {
              Future<?> done = Future.succeededFuture();
              for (MemoryDocument document : page.documents()) {
                done = done.compose(next -> delete(scope, agent, document.id()));
              }
              return page.documents().isEmpty() && page.next() == null
                  ? done.mapEmpty()
                  : done.compose(next -> deleteOf(scope, agent));
            });
  }

  private Account account(TenantScope scope, AgentId agent) {
    return new MemoryAccount(parts.budgets(), parts.tenants(), parts.agents(), scope, agent);
  }

  private DocumentFiles files(TenantScope scope) {
    return new DocumentFiles(scope, settings.maxDocumentBytes());
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] encoded = new byte[bytes.remaining()];
      bytes.get(encoded);
      return encoded;
    } catch (CharacterCodingException e) {
      throw ParleyException.invalid(
          "text", "the text holds half a surrogate pair and cannot be written as UTF-8");
    }
  }

  private ParleyException tooLarge(int bytes) {
    return new ParleyException(
            ErrorCode.PAYLOAD_TOO_LARGE,
            "a document of memory may have %d bytes; this has %d"
                .formatted(settings.maxDocumentBytes(), bytes))
        .with("limit", settings.maxDocumentBytes());
  }

  private static ParleyException notFound(DocumentName name) {
    return ParleyException.notFound("memory " + name.id() + " of agent " + name.agent())
        .with("field", "id");
  }

  /** The same on the caller's context: what is waited for may be done for others elsewhere. */
  private <T> Future<T> here(Future<T> work) {
    Context caller = vertx.getOrCreateContext();
    Promise<T> answer = Promise.promise();
    work.onComplete(done -> caller.runOnContext(now -> answer.handle(done)));
    return answer.future();
  }

  /** Indexes that are open on this node. */
  public int openIndexes() {
    return indexes.count();
  }

  /** Indexes that were made from the documents, as there was none. */
  public long indexesMade() {
    return indexes.made();
  }

  /** Indexes that were thrown away because they were broken. */
  public long indexesBroken() {
    return indexes.broken();
  }

  public long searches() {
    return searches.get();
  }

  /** Throws away what this node has derived from the documents of a tenant that was erased. */
  public Future<Void> forget(TenantId tenant) {
    return indexes.forget(tenant);
  }

  /** Lets running work end and closes the indexes. */
  public Future<Void> close() {
    return indexes.close().eventually(workers::close);
  }
}
