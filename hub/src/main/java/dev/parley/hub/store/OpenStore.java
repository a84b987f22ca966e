package dev.parley.hub.store;

import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.function.Supplier;

/** A store in use; close it last, when nothing needs it any more. */
public final class OpenStore {
  private final Store store;
  private final StoreClock clock;
  private final Path data;
  private final String location;
  private final Supplier<Future<Void>> closing;

  OpenStore(
      Store store, StoreClock clock, Path data, String location, Supplier<Future<Void>> closing) {
    this.store = store;
    this.clock = clock;
    this.data = data;
    this.location = location;
    this.closing = closing;
  }

  public Store store() {
    return store;
  }

  /** The time of Redis, which is that of all nodes, whatever their own clocks say. */
  public Clock clock() {
    return clock.withZone(ZoneOffset.UTC);
  }

  /** How far the clock of this machine is ahead of Redis's, in milliseconds. */
  public long clockAheadMs() {
    return clock.aheadMs();
  }

  /** The real path of the data directory. */
  public Path data() {
    return data;
  }

  /** Where Redis is, for people: without credentials. */
  public String location() {
    return location;
  }

  /**
   * Closes the connections, stops the server when the hub started it, and gives the data directory
   * free. Commands that still wait fail with {@code unavailable}.
   */
  public Future<Void> close() {
    clock.close();
    return closing.get();
  }
}
