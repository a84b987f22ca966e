package dev.parley.hub.memory;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Limits of memory on one node.
 *
 * @param indexDirectory where the indexes are, on a disk of this node alone; null for a temporary
 *     one that goes when the hub stops
 * @param maxDocumentBytes of one document, UTF-8
 * @param maxOpenIndexes tenants whose index is open at once
 * @param idleTimeout after which an index that nobody searches is closed
 * @param threads that index and search at the same time; one tenant has one at most
 * @param maxWaiting pieces of work that may run or wait, of all tenants
 * @param maxWaitingPerTenant searches of a tenant that may wait behind one of the same tenant
 * @param maxFilesPerAgent Markdown files of one workspace that are searched, the last by name
 * @param maxAgentsPerSearch agents that one search may reach over
 */
public record MemorySettings(
    @Nullable Path indexDirectory,
    int maxDocumentBytes,
    int maxOpenIndexes,
    Duration idleTimeout,
    int threads,
    int maxWaiting,
    int maxWaitingPerTenant,
    int maxFilesPerAgent,
    int maxAgentsPerSearch) {

  /** These indexes, at most so many open; all else as it is for one hub on one machine. */
  public static MemorySettings of(
      @Nullable Path indexDirectory, int maxDocumentBytes, int maxOpenIndexes, Duration idle) {
    return new MemorySettings(
        indexDirectory, maxDocumentBytes, maxOpenIndexes, idle, 2, 1_024, 64, 500, 200);
  }
}
