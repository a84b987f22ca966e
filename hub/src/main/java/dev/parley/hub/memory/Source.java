package dev.parley.hub.memory;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A document or a file as it is indexed.
 *
 * @param file how the file was found to be, null for a document
 * @param vectors the provider's vectors of the chunks, null when there are none yet
 */
record Source(
    DocumentName name,
    List<String> tags,
    @Nullable String session,
    long updatedAt,
    @Nullable FileState file,
    List<Chunk> chunks,
    @Nullable Vectors vectors) {

  /**
   * What tells whether a file has changed.
   *
   * @param updatedAt epoch milliseconds, 0 to look again: it was written too lately to tell
   */
  record FileState(long size, long updatedAt, String hash) {}

  Source with(@Nullable Vectors made) {
    return new Source(name, tags, session, updatedAt, file, chunks, made);
  }
}
