package dev.parley.hub.memory;

import dev.parley.hub.disk.DiskWorkers;
import dev.parley.hub.memory.Embedder.QueryVector;
import dev.parley.hub.model.EmbeddingModel;
import dev.parley.hub.switchboard.Account;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A search from end to end: the query's vector, the index brought up to now, what the provider has
 * not made vectors of yet, the search itself. The provider is waited for outside of the index, so
 * that a slow one holds up nobody else.
 */
final class MemorySearch {
  private static final Logger LOG = LoggerFactory.getLogger(MemorySearch.class);

  /** Requests for vectors that one put leads to at most; what is left is done by later searches. */
  private static final int MOST_ROUNDS = 64;

  private final OpenIndexes indexes;
  private final Indexer indexer;
  private final MarkdownFiles markdown;
  private final DiskWorkers workers;
  private final Embedder embedder;
  private final BiFunction<TenantScope, AgentId, Account> accounts;

  /** Tenants for which vectors are being made after a put, and whether there was another since. */
  private final Map<TenantId, Boolean> embedding = new ConcurrentHashMap<>();

  /**
   * Searches.
   *
   * @param accounts who pays for vectors of an agent's memory
   */
  MemorySearch(
      OpenIndexes indexes,
      Indexer indexer,
      MarkdownFiles markdown,
      DiskWorkers workers,
      Embedder embedder,
      BiFunction<TenantScope, AgentId, Account> accounts) {
    this.indexes = indexes;
    this.indexer = indexer;
    this.markdown = markdown;
    this.workers = workers;
    this.embedder = embedder;
    this.accounts = accounts;
  }

  Future<MemoryFound> run(
      TenantScope scope,
      List<AgentId> agents,
      String query,
      MemoryFilter filter,
      int limit,
      Account account) {
    return embedder
        .query(scope, query, account)
        .compose(
            vector ->
                indexes
                    .use(scope, index -> catchUp(scope, index, agents, vector))
                    .compose(done -> vectorsOfSome(scope, vector))
                    .compose(
                        done ->
                            found(
                                scope,
                                vector,
                                new IndexQuery(
                                    query,
                                    new HashSet<>(agents),
                                    filter,
                                    vector.vector(),
                                    limit))));
  }

  private Future<Void> catchUp(
      TenantScope scope, TenantIndex index, List<AgentId> agents, QueryVector vector) {
    return indexer
        .catchUp(scope, index, vector.fingerprint())
        .compose(done -> markdown.catchUp(scope, index, agents, vector.fingerprint()));
  }

  private Future<MemoryFound> found(TenantScope scope, QueryVector vector, IndexQuery query) {
    return indexes
        .use(scope, index -> workers.run(() -> index.search(query)))
        .map(
            hits ->
                new MemoryFound(
                    query.agents().size() == 1 ? query.agents().iterator().next().value() : null,
                    vector.provider(),
                    vector.model(),
                    "hybrid",
                    hits,
                    vector.degraded()));
  }

  /** Makes vectors of what has none, as much as one request takes; the search goes on without. */
  private Future<Void> vectorsOfSome(TenantScope scope, QueryVector vector) {
    EmbeddingModel model = vector.by();
    if (model == null) {
      return Future.succeededFuture();
    }
    return round(scope, model)
        .transform(
            done -> {
              if (done.failed()) {
                LOG.debug("memory of {} has no vectors yet", scope.tenant(), done.cause());
              }
              return Future.succeededFuture();
            });
  }

  /** Makes vectors of what was put, in the background, when the tenant has a model for it. */
  void embedSoon(TenantScope scope) {
    if (embedding.merge(scope.tenant(), false, (running, none) -> true)) {
      return;
    }
    embedAll(scope);
  }

  private void embedAll(TenantScope scope) {
    embedder
        .of(scope)
        .compose(
            model ->
                model.isEmpty()
                    ? Future.succeededFuture()
                    : indexes
                        .use(
                            scope,
                            index -> indexer.catchUp(scope, index, model.get().fingerprint()))
                        .compose(done -> rounds(scope, model.get(), MOST_ROUNDS)))
        .onComplete(
            done -> {
              if (done.failed()) {
                LOG.debug("memory of {} gets its vectors later", scope.tenant(), done.cause());
              }
              Boolean again =
                  embedding.computeIfPresent(
                      scope.tenant(), (tenant, another) -> another ? false : null);
              if (again != null) {
                embedAll(scope);
              }
            });
  }

  private Future<Void> rounds(TenantScope scope, EmbeddingModel model, int left) {
    return round(scope, model)
        .compose(
            more -> more && left > 1 ? rounds(scope, model, left - 1) : Future.succeededFuture());
  }

  /** One request for vectors; answers whether there was anything to do. */
  private Future<Boolean> round(TenantScope scope, EmbeddingModel model) {
    String by = model.fingerprint();
    return indexes
        .use(scope, index -> workers.run(() -> index.without(by, EmbeddingModel.MOST_TEXTS)))
        .compose(
            sources -> {
              if (sources.isEmpty()) {
                return Future.succeededFuture(false);
              }
              AgentId agent = sources.get(0).name().agent();
              List<Source> ofOne =
                  sources.stream().filter(one -> one.name().agent().equals(agent)).toList();
              return workers
                  .run(() -> onDisk(scope, ofOne, by))
                  .compose(known -> make(scope, model, agent, ofOne, known))
                  .compose(vectors -> keep(scope, ofOne, vectors))
                  .map(true);
            });
  }

  private static Map<String, float[]> onDisk(
      TenantScope scope, List<Source> sources, String fingerprint) {
    Map<String, float[]> known = new HashMap<>();
    VectorFiles files = new VectorFiles(scope);
    for (Source source : sources) {
      Vectors vectors = files.read(source.name(), fingerprint);
      if (vectors != null) {
        known.putAll(vectors.byHash());
      }
    }
    return known;
  }

  private Future<Vectors> make(
      TenantScope scope,
      EmbeddingModel model,
      AgentId agent,
      List<Source> sources,
      Map<String, float[]> known) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (Source source : sources) {
      for (Chunk chunk : source.chunks()) {
        String hash = Vectors.hash(chunk.text());
        if (!known.containsKey(hash) && texts.size() < EmbeddingModel.MOST_TEXTS) {
          texts.put(hash, chunk.text());
        }
      }
    }
    if (texts.isEmpty()) {
      return Future.succeededFuture(new Vectors(model.fingerprint(), known));
    }
    return embedder
        .embed(scope, model, List.copyOf(texts.values()), accounts.apply(scope, agent))
        .map(
            made -> {
              int place = 0;
              for (String hash : texts.keySet()) {
                known.put(hash, made.get(place++));
              }
              return new Vectors(model.fingerprint(), known);
            });
  }

  /** Writes the vectors to disk, and into the index where that still has what they are of. */
  private Future<Void> keep(TenantScope scope, List<Source> sources, Vectors made) {
    return indexes.use(
        scope,
        index ->
            workers
                .run(
                    () -> {
                      for (Source source : sources) {
                        Source now = index.source(source.name());
                        if (now != null && now.chunks().equals(source.chunks())) {
                          Vectors own = made.only(now.chunks());
                          new VectorFiles(scope).write(now.name(), own);
                          index.put(now.with(own));
                        }
                      }
                      return true;
                    })
                .mapEmpty());
  }
}
