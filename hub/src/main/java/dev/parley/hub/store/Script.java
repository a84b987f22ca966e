package dev.parley.hub.store;

/**
 * A Lua script of the hub: a file {@code lua/<name>.lua} beside this package whose header says its
 * keys, arguments, result and what it keeps atomic.
 *
 * @param name the file's name without ending
 * @param replicated whether losing what it writes would break a promise: then it succeeds only when
 *     as many replicas have it as {@link StoreOptions#replicas} says. What it answers must not
 *     depend on a write of an earlier run alone: a repeated run writes again
 */
public record Script(String name, boolean replicated) {

  /** A script whose writes the master alone confirms. */
  public Script(String name) {
    this(name, false);
  }

  /** A script whose writes replicas confirm too. */
  public static Script replicated(String name) {
    return new Script(name, true);
  }
}
