package dev.parley.hub.loop;

/**
 * Whether an edge still says something new: of its last messages, how many had a payload that was
 * not among its last {@value #REMEMBERED} different ones. Not thread-safe.
 */
final class Novelty {
  static final int REMEMBERED = 16;
  private static final int TOLERATED = 2;

  private final int repeats;
  private final long[] known = new long[REMEMBERED];
  private int knownCount;
  private long old;

  Novelty(int repeats) {
    this.repeats = repeats;
  }

  /** Adds a message. */
  void add(long fingerprint) {
    boolean seen = knows(fingerprint);
    if (!seen) {
      known[knownCount++ % REMEMBERED] = fingerprint;
    }
    long window = -1L >>> (Long.SIZE - repeats - TOLERATED);
    old = ((old << 1) | (seen ? 1 : 0)) & window;
  }

  /** Whether at least {@code repeats} of the last {@code repeats + 2} messages were old. */
  boolean exhausted() {
    return Long.bitCount(old) >= repeats;
  }

  void reset() {
    knownCount = 0;
    old = 0;
  }

  private boolean knows(long fingerprint) {
    for (int i = Math.min(knownCount, REMEMBERED) - 1; i >= 0; i--) {
      if (known[i] == fingerprint) {
        return true;
      }
    }
    return false;
  }
}
