package dev.parley.hub.settings;

import static dev.parley.hub.settings.Catalogue.integer;
import static dev.parley.hub.settings.Catalogue.millis;
import static dev.parley.hub.settings.Catalogue.text;

import java.time.Duration;
import java.util.List;

/** The settings of memory. */
public final class MemoryOptions {
  public static final Setting<String> INDEX_DIRECTORY =
      text(
          "memory-index-directory",
          "<directory>",
          "",
          "where memory is indexed, on a disk of this node alone; by default memory-index in the"
              + " data directory, with --cluster a temporary one");
  public static final Setting<Integer> MAX_OPEN =
      integer(
          "memory-open-indexes", "<n>", "64", 1, 100_000, "tenants whose memory is open at once");
  public static final Setting<Duration> IDLE =
      millis(
          "memory-idle-ms",
          "60000",
          100,
          86_400_000,
          "time after which memory that nobody searches is closed");
  public static final Setting<Integer> MAX_DOCUMENT =
      integer(
          "memory-document-bytes",
          "<bytes>",
          "262144",
          1_024,
          1_048_576,
          "longest document of memory");
  public static final Setting<String> EMBEDDING_MODEL =
      text(
          "embedding-model",
          "<openai/model>",
          "",
          "makes the vectors of memory, on the platform's key, for tenants without an openai"
              + " provider of their own; by default the built-in hashing does");

  static final List<Setting<?>> ALL =
      List.of(INDEX_DIRECTORY, MAX_OPEN, IDLE, MAX_DOCUMENT, EMBEDDING_MODEL);

  private MemoryOptions() {}
}
