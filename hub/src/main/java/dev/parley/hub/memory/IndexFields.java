package dev.parley.hub.memory;

import dev.parley.protocol.address.AgentId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.jspecify.annotations.Nullable;

/**
 * A source in Lucene's terms: one Lucene document for each chunk, which holds all that the source
 * can be made of again, and one before them that stands for a file and is never found.
 */
final class IndexFields {
  /** Which source a chunk or file is of. */
  static final String KEY = "key";

  /** On chunks only, so that nothing else is found. */
  static final String AGENT = "agent";

  /** On files only: whose. */
  static final String FILE_OF = "fileOf";

  static final String TAG = "tag";
  static final String SESSION = "session";
  static final String UPDATED_AT = "updatedAt";
  static final String TEXT = "text";
  static final String HASHING = "hashing";

  /** The fingerprint of the model that the chunk has a vector of. */
  static final String EMBEDDED_BY = "embeddedBy";

  private static final String NUMBER = "number";
  private static final String START = "start";
  private static final String END = "end";
  private static final String STORED_UPDATED_AT = "at";
  private static final String SIZE = "size";
  private static final String HASH = "hash";

  private IndexFields() {}

  static String vectorField(String fingerprint, int dimensions) {
    return "by-" + fingerprint + "-" + dimensions;
  }

  static List<Document> documents(Source source) {
    List<Document> documents = new ArrayList<>();
    Source.FileState file = source.file();
    if (file != null) {
      documents.add(ofFile(source.name(), file));
    }
    for (Chunk chunk : source.chunks()) {
      documents.add(ofChunk(source, chunk));
    }
    return documents;
  }

  private static Document ofFile(DocumentName name, Source.FileState file) {
    Document document = new Document();
    document.add(new StringField(KEY, name.toString(), Field.Store.YES));
    document.add(new StringField(FILE_OF, name.agent().value(), Field.Store.NO));
    document.add(new StoredField(SIZE, file.size()));
    document.add(new StoredField(STORED_UPDATED_AT, file.updatedAt()));
    document.add(new StoredField(HASH, file.hash()));
    return document;
  }

  static Source.FileState fileState(Document stored) {
    return new Source.FileState(
        number(stored, SIZE), number(stored, STORED_UPDATED_AT), text(stored, HASH));
  }

  private static Document ofChunk(Source source, Chunk chunk) {
    Document document = new Document();
    document.add(new StringField(KEY, source.name().toString(), Field.Store.YES));
    document.add(new StringField(AGENT, source.name().agent().value(), Field.Store.NO));
    document.add(new LongPoint(UPDATED_AT, source.updatedAt()));
    document.add(new StoredField(STORED_UPDATED_AT, source.updatedAt()));
    document.add(new StoredField(NUMBER, (long) chunk.number()));
    document.add(new StoredField(START, (long) chunk.startLine()));
    document.add(new StoredField(END, (long) chunk.endLine()));
    document.add(new TextField(TEXT, chunk.text(), Field.Store.YES));
    for (String tag : source.tags()) {
      document.add(new StringField(TAG, tag, Field.Store.YES));
    }
    String session = source.session();
    if (session != null) {
      document.add(new StringField(SESSION, session, Field.Store.YES));
    }
    float[] hashed = HashingEmbedder.embed(chunk.text());
    if (hashed != null) {
      document.add(new KnnFloatVectorField(HASHING, hashed, VectorSimilarityFunction.DOT_PRODUCT));
    }
    Vectors vectors = source.vectors();
    float[] vector = vectors == null ? null : vectors.of(chunk);
    if (vectors != null && vector != null) {
      String by = vectors.fingerprint();
      document.add(new StringField(EMBEDDED_BY, by, Field.Store.NO));
      document.add(
          new KnnFloatVectorField(
              vectorField(by, vector.length), vector, VectorSimilarityFunction.DOT_PRODUCT));
    }
    return document;
  }

  /** A source from all its documents, without vectors; null when it has no chunks. */
  static @Nullable Source source(DocumentName name, List<Document> stored) {
    Source.FileState file = null;
    List<Chunk> chunks = new ArrayList<>();
    Document any = null;
    for (Document document : stored) {
      if (document.get(HASH) != null) {
        file = fileState(document);
      } else {
        any = document;
        chunks.add(chunk(document));
      }
    }
    if (any == null) {
      return null;
    }
    chunks.sort((a, b) -> Integer.compare(a.number(), b.number()));
    return new Source(
        name, List.of(any.getValues(TAG)), any.get(SESSION), updatedAt(any), file, chunks, null);
  }

  static Chunk chunk(Document stored) {
    return new Chunk(
        (int) number(stored, NUMBER),
        (int) number(stored, START),
        (int) number(stored, END),
        text(stored, TEXT));
  }

  static long updatedAt(Document stored) {
    return number(stored, STORED_UPDATED_AT);
  }

  static DocumentName name(Document stored) {
    return DocumentName.parse(text(stored, KEY));
  }

  static AgentId agent(Document stored) {
    return name(stored).agent();
  }

  private static String text(Document stored, String field) {
    return Objects.requireNonNull(stored.get(field), field);
  }

  private static long number(Document stored, String field) {
    return Objects.requireNonNull(stored.getField(field), field).numericValue().longValue();
  }
}
