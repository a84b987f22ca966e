package dev.parley.hub.memory;

import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene912.Lucene912Codec;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;

/**
 * Lucene's own codec with vectors of more than 1,024 dimensions, which embedding models have. What
 * it writes is the format of Lucene, which reads it by that name.
 */
final class IndexCodec extends Lucene912Codec {
  private final KnnVectorsFormat vectors = new LongVectors();

  @Override
  public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
    return vectors;
  }

  private static final class LongVectors extends KnnVectorsFormat {
    private final KnnVectorsFormat delegate = new Lucene99HnswVectorsFormat();

    LongVectors() {
      super("Lucene99HnswVectorsFormat");
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
      return delegate.fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
      return delegate.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String field) {
      return 8_192;
    }
  }
}
