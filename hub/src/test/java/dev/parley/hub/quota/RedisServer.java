package dev.parley.hub.quota;

import static dev.parley.hub.store.RedisExtension.await;

import dev.parley.hub.store.FsyncPolicy;
import dev.parley.hub.store.OpenStore;
import dev.parley.hub.store.Signals;
import dev.parley.hub.store.Store;
import dev.parley.hub.store.StoreOptions;
import dev.parley.hub.store.Stores;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;

/** A Redis of a test's own, for tests that stop it and for those that jqwik runs. */
final class RedisServer implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final Path directory;
  private final OpenStore open;

  RedisServer() {
    try {
      directory = Files.createTempDirectory("parley-quota");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    open =
        await(
            Stores.open(
                vertx,
                StoreOptions.defaults(directory)
                    .withFsync(FsyncPolicy.EVERYSEC)
                    .withCommandTimeout(Duration.ofMillis(500))));
  }

  Vertx vertx() {
    return vertx;
  }

  Store store() {
    return open.store();
  }

  void pause() {
    Signals.pause(Signals.server(open.data()));
  }

  void resume() {
    Signals.resume(Signals.server(open.data()));
  }

  @Override
  public void close() {
    await(open.close());
    await(vertx.close());
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
