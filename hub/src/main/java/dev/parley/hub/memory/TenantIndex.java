package dev.parley.hub.memory;

import dev.parley.protocol.address.AgentId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open Lucene index of one tenant. It remembers up to which revision of which catalogue it is
 * complete; that is written with what it is about, so that after a crash it is true. Used by one
 * piece of work at a time; blocks.
 */
final class TenantIndex implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(TenantIndex.class);
  private static final double WRITE_BUFFER_MB = 8;
  private static final String EPOCH = "epoch";
  private static final String REVISION = "revision";

  /** Sources of a tenant whose file states are read at once. */
  private static final int MOST_FILES = 1_000_000;

  private final Directory directory;
  private final IndexWriter writer;
  private DirectoryReader reader;
  private String epoch;
  private long revision;
  private boolean isNew;

  /** Opens an index or makes an empty one; fails when what is there is none, or broken. */
  TenantIndex(Path path) throws IOException {
    directory = FSDirectory.open(path);
    IndexWriter opened = null;
    try {
      IndexWriterConfig config =
          new IndexWriterConfig(new StandardAnalyzer())
              .setOpenMode(IndexWriterConfig.OpenMode.CREATE_OR_APPEND)
              .setRAMBufferSizeMB(WRITE_BUFFER_MB)
              .setMergeScheduler(new SerialMergeScheduler())
              .setCodec(new IndexCodec());
      opened = new IndexWriter(directory, config);
      writer = opened;
      reader = DirectoryReader.open(writer);
    } catch (IOException | RuntimeException e) {
      closeQuietly(opened);
      directory.close();
      throw e;
    }
    Map<String, String> state = new HashMap<>();
    Iterable<Map.Entry<String, String>> committed = writer.getLiveCommitData();
    if (committed != null) {
      committed.forEach(entry -> state.put(entry.getKey(), entry.getValue()));
    }
    isNew = !state.containsKey(EPOCH);
    epoch = state.getOrDefault(EPOCH, "");
    revision = Long.parseLong(state.getOrDefault(REVISION, "0"));
  }

  /** The catalogue it was made from, empty for none. */
  String epoch() {
    return epoch;
  }

  /** It holds all changes of that catalogue up to this one. */
  long revision() {
    return revision;
  }

  /** Whether it was made just now and nobody has looked yet for what belongs into it. */
  boolean isNew() {
    return isNew;
  }

  /** Says that all changes up to a revision are in. */
  void upTo(String catalogue, long last) {
    isNew = false;
    epoch = catalogue;
    revision = last;
  }

  /** Empties it. */
  void clear() throws IOException {
    writer.deleteAll();
    upTo("", 0);
  }

  /** Holds this source instead of what it held of it. */
  void put(Source source) throws IOException {
    List<Document> documents = IndexFields.documents(source);
    Term key = new Term(IndexFields.KEY, source.name().toString());
    if (documents.isEmpty()) {
      writer.deleteDocuments(key);
    } else {
      writer.updateDocuments(key, documents);
    }
  }

  void remove(DocumentName name) throws IOException {
    writer.deleteDocuments(new Term(IndexFields.KEY, name.toString()));
  }

  /** The files of an agent as they were when they were indexed, by path. */
  Map<String, Source.FileState> files(AgentId agent) throws IOException {
    Map<String, Source.FileState> files = new HashMap<>();
    IndexSearcher searcher = searcher();
    Query query = new TermQuery(new Term(IndexFields.FILE_OF, agent.value()));
    for (ScoreDoc hit : searcher.search(query, MOST_FILES).scoreDocs) {
      Document stored = searcher.storedFields().document(hit.doc);
      files.put(IndexFields.name(stored).id(), IndexFields.fileState(stored));
    }
    return files;
  }

  /** Sources with chunks that this model has made no vectors of, about so many chunks in all. */
  List<Source> without(String fingerprint, int chunks) throws IOException {
    IndexSearcher searcher = searcher();
    Query lacking =
        new BooleanQuery.Builder()
            .add(new FieldExistsQuery(IndexFields.HASHING), Occur.FILTER)
            .add(new TermQuery(new Term(IndexFields.EMBEDDED_BY, fingerprint)), Occur.MUST_NOT)
            .build();
    Map<String, DocumentName> names = new LinkedHashMap<>();
    for (ScoreDoc hit : searcher.search(lacking, chunks).scoreDocs) {
      DocumentName name = IndexFields.name(searcher.storedFields().document(hit.doc));
      names.put(name.toString(), name);
    }
    List<Source> sources = new ArrayList<>();
    for (DocumentName name : names.values()) {
      Source source = source(name);
      if (source != null) {
        sources.add(source);
      }
    }
    return sources;
  }

  /** A source as it is indexed, without vectors; null when it is not. */
  @Nullable Source source(DocumentName name) throws IOException {
    IndexSearcher searcher = searcher();
    Query query = new TermQuery(new Term(IndexFields.KEY, name.toString()));
    List<Document> stored = new ArrayList<>();
    for (ScoreDoc hit : searcher.search(query, MOST_FILES).scoreDocs) {
      stored.add(searcher.storedFields().document(hit.doc));
    }
    return IndexFields.source(name, stored);
  }

  List<MemoryHit> search(IndexQuery query) throws IOException {
    return new HybridSearch(searcher(), writer.getAnalyzer(), query).run();
  }

  private IndexSearcher searcher() throws IOException {
    DirectoryReader newer = DirectoryReader.openIfChanged(reader, writer);
    if (newer != null) {
      reader.close();
      reader = newer;
    }
    return new IndexSearcher(reader);
  }

  /** Writes what it holds to disk with how far it is. */
  void commit() throws IOException {
    writer.setLiveCommitData(Map.of(EPOCH, epoch, REVISION, Long.toString(revision)).entrySet());
    writer.commit();
  }

  /** Commits and closes. */
  @Override
  public void close() throws IOException {
    try {
      reader.close();
      if (writer.isOpen()) {
        commit();
      }
    } finally {
      try {
        writer.close();
      } finally {
        directory.close();
      }
    }
  }

  /** Closes without a commit, for one that is broken. */
  void abandon() {
    closeQuietly(reader);
    try {
      writer.rollback();
    } catch (IOException | RuntimeException e) {
      closeQuietly(writer);
    }
    closeQuietly(directory);
  }

  private static void closeQuietly(@Nullable Closeable part) {
    try {
      if (part != null) {
        part.close();
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("a broken index did not close", e);
    }
  }
}
