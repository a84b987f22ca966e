package dev.parley.hub.workspace;

import java.io.IOException;
import java.util.List;

/**
 * A change to the files of one agent, in steps between which it is booked; see {@link Commits}. All
 * steps block.
 *
 * @param <R> what it comes to
 */
interface Change<R> {

  /** The paths whose files it may make more or fewer; none is within another. */
  List<WorkspacePath> touched();

  /**
   * The name in {@link Staging} that it is performed from or into, empty for none: without that
   * name it can no longer be performed.
   */
  String staged();

  /**
   * Makes ready. May be called again, when something changed meanwhile.
   *
   * @param before what the touched paths take
   * @return what they will take
   */
  Tally prepare(Tally before) throws IOException;

  /** Carries it out; nobody else changes files of the agent meanwhile. */
  R perform() throws IOException;

  /** Takes away what is left in {@link Staging}, whether it was performed or not. */
  void discard();
}
