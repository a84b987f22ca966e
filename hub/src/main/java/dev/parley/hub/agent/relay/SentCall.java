package dev.parley.hub.agent.relay;

import dev.parley.hub.switchboard.Credits;
import dev.parley.hub.switchboard.Delivery;
import java.util.OptionalLong;

/**
 * A call of this node at its agent's: how many pieces of the reply have come from there, and how
 * much credit was told there. A message between nodes may get lost with the connection that it was
 * on. Thread-safe.
 */
final class SentCall {
  /** How often credit is told again to an agent's node from which nothing comes. */
  private static final int REPEATS = 5;

  private final Delivery delivery;
  private final String node;
  private final boolean hosted;
  private final boolean again;
  private long chunks;
  private long seenChunks;
  private long credit = Credits.UNLIMITED;
  private int repeats;

  /**
   * Makes one.
   *
   * @param again whether it was sent to another node before, where the agent was not
   */
  SentCall(Delivery delivery, String node, boolean hosted, boolean again) {
    this.delivery = delivery;
    this.node = node;
    this.hosted = hosted;
    this.again = again;
  }

  Delivery delivery() {
    return delivery;
  }

  String node() {
    return node;
  }

  boolean hosted() {
    return hosted;
  }

  boolean again() {
    return again;
  }

  /** The call goes out with so much credit, or {@link Credits#UNLIMITED}. */
  synchronized void begin(long initial) {
    credit = initial;
  }

  /** The caller takes so many chunks more; answers how many it has taken or takes in all. */
  synchronized long grant(long more) {
    credit += more;
    repeats = REPEATS;
    return credit;
  }

  /** A chunk of this number has come; whether it was due. */
  synchronized boolean isNext(long index) {
    if (index != chunks) {
      return false;
    }
    chunks++;
    return true;
  }

  /** Whether that is how many chunks have come. */
  synchronized boolean isWhole(long count) {
    return count == chunks;
  }

  /**
   * The credit in all, when it is to be told again because nothing has come since the last look.
   */
  synchronized OptionalLong creditToRepeat() {
    boolean moves = chunks != seenChunks;
    seenChunks = chunks;
    if (moves || repeats == 0) {
      return OptionalLong.empty();
    }
    repeats--;
    return OptionalLong.of(credit);
  }
}
