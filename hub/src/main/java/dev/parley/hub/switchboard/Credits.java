package dev.parley.hub.switchboard;

import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How many chunks of a streamed reply the caller still takes. What is given before the agent has
 * got the message reaches it with the message, what comes later by itself. Thread-safe.
 */
public final class Credits {
  /** As a count of credits: the caller takes whatever comes. */
  public static final long UNLIMITED = -1;

  private long left;
  private @Nullable LongConsumer more;

  private Credits(long initial) {
    left = initial;
  }

  static Credits unlimited() {
    return new Credits(UNLIMITED);
  }

  /** Begins with a number of chunks, or {@link #UNLIMITED}. */
  static Credits of(long initial) {
    return new Credits(initial);
  }

  /** Uses one up; false when there is none. */
  synchronized boolean take() {
    if (left == 0) {
      return false;
    }
    if (left != UNLIMITED) {
      left--;
    }
    return true;
  }

  void add(long credit) {
    LongConsumer hook;
    synchronized (this) {
      if (left == UNLIMITED) {
        return;
      }
      left += credit;
      hook = more;
    }
    if (hook != null) {
      hook.accept(credit);
    }
  }

  /**
   * Tells the agent's side what it has, and later what it gets beside that; nothing is told later
   * before {@code first} has returned.
   *
   * @param first takes what is left, or {@link #UNLIMITED}
   */
  synchronized void follow(LongConsumer first, LongConsumer later) {
    first.accept(left);
    more = left == UNLIMITED ? null : later;
  }
}
