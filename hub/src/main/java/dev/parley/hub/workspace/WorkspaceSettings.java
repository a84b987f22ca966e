package dev.parley.hub.workspace;

/**
 * Limits of workspaces.
 *
 * @param maxFileBytes of one file, UTF-8
 * @param maxFilesListed files and directories that one listing may pass
 * @param threads that work on files at the same time
 * @param maxWaiting file operations that may run or wait, of all agents
 * @param maxWaitingPerAgent operations that may wait behind one of the same agent
 */
public record WorkspaceSettings(
    int maxFileBytes, int maxFilesListed, int threads, int maxWaiting, int maxWaitingPerAgent) {
  public static final WorkspaceSettings DEFAULTS =
      new WorkspaceSettings(1 << 20, 10_000, 4, 4_096, 64);
}
