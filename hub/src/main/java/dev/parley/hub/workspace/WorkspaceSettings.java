package dev.parley.hub.workspace;

import java.time.Duration;

/**
 * Limits of workspaces.
 *
 * @param maxTextBytes of what is read or written in one piece, UTF-8
 * @param maxAppendedBytes of a file that something is added to, as each time all of it is copied
 * @param maxFileBytes of any file
 * @param maxFilesListed files and directories that one listing may pass
 * @param threads that work on files at the same time
 * @param maxWaiting file operations that may run or wait, of all agents
 * @param maxWaitingPerAgent operations that may wait behind one of the same agent
 * @param maxTransfers up- and downloads of this node at the same time
 * @param maxTransfersPerTenant of these, of one tenant
 * @param turn how long the change of a node that says nothing more keeps others waiting
 */
public record WorkspaceSettings(
    int maxTextBytes,
    long maxAppendedBytes,
    long maxFileBytes,
    int maxFilesListed,
    int threads,
    int maxWaiting,
    int maxWaitingPerAgent,
    int maxTransfers,
    int maxTransfersPerTenant,
    Duration turn) {
  public static final WorkspaceSettings DEFAULTS =
      new WorkspaceSettings(
          1 << 20, 16L << 20, 256L << 20, 10_000, 4, 4_096, 64, 256, 16, Duration.ofSeconds(30));

  /** The same with other bounds of transfers. */
  public WorkspaceSettings withTransfers(long fileBytes, int transfers, int perTenant) {
    return new WorkspaceSettings(
        maxTextBytes,
        Math.min(maxAppendedBytes, fileBytes),
        fileBytes,
        maxFilesListed,
        threads,
        maxWaiting,
        maxWaitingPerAgent,
        transfers,
        perTenant,
        turn);
  }
}
