package dev.parley.hub.session;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where the transcripts written lately end: bounded, least recently written first to go, and gone
 * when idle. An entry is taken out while somebody writes. Losing one costs reading the end of a
 * file.
 */
final class OpenTails {
  private record Entry(TranscriptTail tail, long usedAt) {}

  private final int max;
  private final LongSupplier nowMs;
  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>();

  OpenTails(int max, LongSupplier nowMs) {
    this.max = max;
    this.nowMs = nowMs;
  }

  synchronized @Nullable TranscriptTail take(String id) {
    Entry entry = entries.remove(id);
    return entry == null ? null : entry.tail;
  }

  synchronized void put(String id, TranscriptTail tail) {
    entries.put(id, new Entry(tail, nowMs.getAsLong()));
    if (entries.size() > max) {
      Iterator<Entry> eldest = entries.values().iterator();
      eldest.next();
      eldest.remove();
    }
  }

  /** Forgets those not written for so long. */
  synchronized void dropIdle(long idleMs) {
    long before = nowMs.getAsLong() - idleMs;
    Iterator<Entry> eldest = entries.values().iterator();
    while (eldest.hasNext() && eldest.next().usedAt <= before) {
      eldest.remove();
    }
  }

  synchronized int size() {
    return entries.size();
  }
}
