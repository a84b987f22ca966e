package dev.parley.chaos;

import java.util.List;
import java.util.Set;

/**
 * What to do.
 *
 * @param nodes hubs, at least 1
 * @param seconds how long faults go on
 * @param every seconds from the beginning of a fault to that of the next
 * @param recoverWithin seconds in which every caller must be served again after a fault is healed
 * @param without a safeguard that is taken away, to see that the checker notices
 */
record Plan(
    int nodes,
    int seconds,
    int every,
    int recoverWithin,
    long seed,
    List<Fault.Kind> faults,
    Set<Safeguard> without) {

  /** What keeps promises and can be taken away. */
  enum Safeguard {
    /** Agents remember which messages they have handled. */
    DEDUPE,
    /** Only the newest owner of an agent commits, and only with the majority. */
    FENCING
  }
}
