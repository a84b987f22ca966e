package dev.parley.hub.workspace;

/** Is told how far an import is; on any thread. */
@FunctionalInterface
public interface ImportProgress {
  /**
   * One file more.
   *
   * @param phase {@code unpacking}, then {@code writing}
   * @param files so far in this phase
   * @param bytes in them
   */
  void reached(String phase, long files, long bytes);
}
