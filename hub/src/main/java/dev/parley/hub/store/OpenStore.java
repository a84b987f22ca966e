package dev.parley.hub.store;

import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A store in use; close it last, when nothing needs it any more. */
public final class OpenStore {
  private final Store store;
  private final Path data;
  private final String location;
  private final Supplier<Future<Void>> closing;

  OpenStore(Store store, Path data, String location, Supplier<Future<Void>> closing) {
    this.store = store;
    this.data = data;
    this.location = location;
    this.closing = closing;
  }

  public Store store() {
    return store;
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
    return closing.get();
  }
}
