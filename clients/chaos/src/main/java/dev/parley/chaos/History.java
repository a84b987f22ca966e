package dev.parley.chaos;

import dev.parley.protocol.frame.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** All events of a run, in the order in which they were seen. Thread-safe. */
final class History {
  private static final int MAX_EVENTS = 5_000_000;

  private final long startNanos = System.nanoTime();
  private final List<Event> events = new ArrayList<>();

  long now() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  void add(Event.Kind kind, String series, String id, long number, String note) {
    synchronized (events) {
      if (events.size() >= MAX_EVENTS) {
        throw new IllegalStateException("a history holds %d events at most".formatted(MAX_EVENTS));
      }
      events.add(new Event(now(), kind, series, id, number, note));
    }
  }

  List<Event> events() {
    synchronized (events) {
      return List.copyOf(events);
    }
  }

  /** Writes it as JSON Lines. */
  void write(Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (Event event : events()) {
        out.write(Json.write(event));
        out.newLine();
      }
    }
  }
}
