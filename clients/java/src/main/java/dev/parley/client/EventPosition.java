package dev.parley.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * How far the event sequence has been read. The sequence belongs to a connection id; a resumed
 * connection continues the numbers of the earlier one, any other starts from 1. Guarded by its
 * connection's lock.
 *
 * <p>A connection in the role agent is never resumed: its sequence starts with each socket, and
 * that is no gap.
 */
final class EventPosition {
  private final boolean resumable;
  private @Nullable String connId;
  private long seq;

  EventPosition(boolean resumable) {
    this.resumable = resumable;
  }

  /** What an event's number says about it. */
  enum Verdict {
    NEXT,
    DUPLICATE,
    AFTER_A_GAP
  }

  void describe(ObjectNode connectParams) {
    if (resumable && connId != null) {
      connectParams.putObject("resume").put("connId", connId).put("seq", seq);
    }
  }

  /**
   * A connection was let in.
   *
   * @return the gap, when there was an earlier connection whose sequence does not go on
   */
  @Nullable Gap opened(Hello hello) {
    Gap gap = !resumable || connId == null || hello.resumed() ? null : new Gap(connId, seq);
    connId = hello.connId();
    if (!hello.resumed()) {
      seq = 0;
    }
    return gap;
  }

  Verdict read(long next) {
    if (next == 0) {
      return Verdict.NEXT;
    }
    if (next <= seq) {
      return Verdict.DUPLICATE;
    }
    boolean gap = next != seq + 1;
    seq = next;
    return gap ? Verdict.AFTER_A_GAP : Verdict.NEXT;
  }

  /** The gap in front of the event that {@link #read} just found to be after one. */
  Gap gapBefore(long next) {
    return new Gap(connId == null ? "" : connId, next);
  }
}
