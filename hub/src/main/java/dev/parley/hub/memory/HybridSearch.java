package dev.parley.hub.memory;

import dev.parley.protocol.address.AgentId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.QueryBuilder;
import org.jspecify.annotations.Nullable;

/**
 * One search: by words (BM25) and by vectors, each under the same filter, fused by reciprocal rank
 * (Cormack, Clarke and Büttcher, SIGIR 2009), which needs no common scale of their scores. Chunks
 * that the tenant's provider has made no vectors of yet are compared by hashing.
 */
final class HybridSearch {
  /** The constant of the paper: ranks far down differ little. */
  private static final double RANK_CONSTANT = 60;

  /** A provider's vectors less alike than this are not about the same. */
  private static final double LEAST_PROVIDER_COSINE = 0.2;

  private static final int LEAST_CANDIDATES = 50;
  private static final int CANDIDATES_PER_HIT = 4;

  private final IndexSearcher searcher;
  private final Analyzer analyzer;
  private final IndexQuery query;
  private final int candidates;
  private final Query filter;
  private final Map<Integer, Ranked> ranked = new HashMap<>();

  HybridSearch(IndexSearcher searcher, Analyzer analyzer, IndexQuery query) {
    this.searcher = searcher;
    this.analyzer = analyzer;
    this.query = query;
    this.candidates = Math.max(LEAST_CANDIDATES, CANDIDATES_PER_HIT * query.limit());
    this.filter = filter(query).build();
  }

  /** A chunk with its places in the searches. */
  private static final class Ranked {
    private final int doc;
    private double reciprocal;
    private @Nullable Double textScore;
    private @Nullable Double vectorScore;

    Ranked(int doc) {
      this.doc = doc;
    }
  }

  List<MemoryHit> run() throws IOException {
    byWords();
    byVectors();
    List<Ranked> best = new ArrayList<>(ranked.values());
    best.sort(
        Comparator.comparingDouble((Ranked one) -> -one.reciprocal)
            .thenComparingInt(one -> one.doc));
    List<MemoryHit> hits = new ArrayList<>();
    for (Ranked one : best.subList(0, Math.min(query.limit(), best.size()))) {
      hits.add(hit(one));
    }
    return hits;
  }

  private static BooleanQuery.Builder filter(IndexQuery query) {
    List<BytesRef> agents = new ArrayList<>();
    for (AgentId agent : query.agents()) {
      agents.add(new BytesRef(agent.value()));
    }
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    all.add(new TermInSetQuery(IndexFields.AGENT, agents), Occur.FILTER);
    MemoryFilter wanted = query.filter();
    if (wanted.session() != null) {
      all.add(new TermQuery(new Term(IndexFields.SESSION, wanted.session())), Occur.FILTER);
    }
    if (wanted.tag() != null) {
      all.add(new TermQuery(new Term(IndexFields.TAG, wanted.tag())), Occur.FILTER);
    }
    Long since = wanted.since();
    Long before = wanted.before();
    if (since != null || before != null) {
      all.add(
          LongPoint.newRangeQuery(
              IndexFields.UPDATED_AT,
              since == null ? 0 : since,
              before == null ? Long.MAX_VALUE : before - 1),
          Occur.FILTER);
    }
    return all;
  }

  private void byWords() throws IOException {
    Query words = new QueryBuilder(analyzer).createBooleanQuery(IndexFields.TEXT, query.text());
    if (words == null) {
      return;
    }
    Query both =
        new BooleanQuery.Builder().add(words, Occur.MUST).add(filter, Occur.FILTER).build();
    int rank = 0;
    for (ScoreDoc hit : searcher.search(both, candidates).scoreDocs) {
      rank(hit.doc, ++rank).textScore = (double) hit.score;
    }
  }

  private void byVectors() throws IOException {
    IndexQuery.ProviderVector provider = query.provider();
    List<ScoreDoc> near = new ArrayList<>();
    Query hashedOnly = filter;
    if (provider != null) {
      String field = IndexFields.vectorField(provider.fingerprint(), provider.vector().length);
      near.addAll(nearest(field, provider.vector(), filter, LEAST_PROVIDER_COSINE));
      hashedOnly =
          filter(query)
              .add(
                  new TermQuery(new Term(IndexFields.EMBEDDED_BY, provider.fingerprint())),
                  Occur.MUST_NOT)
              .build();
    }
    rank(near);
    float[] hashed = HashingEmbedder.embed(query.text());
    if (hashed != null) {
      rank(nearest(IndexFields.HASHING, hashed, hashedOnly, HashingEmbedder.LEAST_COSINE));
    }
  }

  private List<ScoreDoc> nearest(String field, float[] vector, Query among, double leastCosine)
      throws IOException {
    List<ScoreDoc> near = new ArrayList<>();
    Query nearest = new KnnFloatVectorQuery(field, vector, candidates, among);
    for (ScoreDoc hit : searcher.search(nearest, candidates).scoreDocs) {
      if (cosine(hit) >= leastCosine) {
        near.add(hit);
      }
    }
    return near;
  }

  private void rank(List<ScoreDoc> near) {
    int rank = 0;
    for (ScoreDoc hit : near) {
      rank(hit.doc, ++rank).vectorScore = cosine(hit);
    }
  }

  /** Lucene scores two vectors of length 1 by half of their dot product and 1. */
  private static double cosine(ScoreDoc hit) {
    return 2.0 * hit.score - 1;
  }

  private Ranked rank(int doc, int rank) {
    Ranked one = ranked.computeIfAbsent(doc, Ranked::new);
    one.reciprocal += 1 / (RANK_CONSTANT + rank);
    return one;
  }

  private MemoryHit hit(Ranked one) throws IOException {
    Document stored = searcher.storedFields().document(one.doc);
    DocumentName name = IndexFields.name(stored);
    Chunk chunk = IndexFields.chunk(stored);
    return new MemoryHit(
        name.agent().value(),
        name.id(),
        name.id(),
        "memory",
        DocumentName.isDocumentId(name.id()) ? "document" : "file",
        chunk.startLine(),
        chunk.endLine(),
        round(one.reciprocal * (RANK_CONSTANT + 1) / 2),
        rounded(one.textScore),
        rounded(one.vectorScore),
        Snippets.of(chunk.text(), query.text()),
        "%s#L%d-L%d".formatted(name.id(), chunk.startLine(), chunk.endLine()),
        List.of(stored.getValues(IndexFields.TAG)),
        stored.get(IndexFields.SESSION),
        IndexFields.updatedAt(stored));
  }

  private static @Nullable Double rounded(@Nullable Double score) {
    return score == null ? null : round(score);
  }

  private static double round(double score) {
    return Math.round(score * 10_000) / 10_000.0;
  }
}
