package dev.parley.hub.gateway.ws;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The last events of a connection, so that a client that lost its socket gets what it missed.
 * Bounded by count and by characters; used by one connection at a time, under its lock.
 */
final class EventLog {
  private record Entry(long seq, String frame) {}

  private final int maxEvents;
  private final int maxChars;
  private final Deque<Entry> entries = new ArrayDeque<>(0);
  private int chars;
  private long lastSeq;

  EventLog(int maxEvents, int maxChars) {
    this.maxEvents = maxEvents;
    this.maxChars = maxChars;
  }

  long nextSeq() {
    return lastSeq + 1;
  }

  void append(String frame) {
    lastSeq++;
    entries.addLast(new Entry(lastSeq, frame));
    chars += frame.length();
    while (entries.size() > maxEvents || chars > maxChars) {
      chars -= entries.removeFirst().frame.length();
    }
  }

  /** Whether every event after {@code seq} is still here. */
  boolean covers(long seq) {
    return seq <= lastSeq && seq >= lastSeq - entries.size();
  }

  /** The events after {@code seq}, in order. */
  List<String> after(long seq) {
    List<String> missed = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.seq > seq) {
        missed.add(entry.frame);
      }
    }
    return missed;
  }
}
