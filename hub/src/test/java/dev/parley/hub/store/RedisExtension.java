package dev.parley.hub.store;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One real {@code redis-server} for each test class, on a directory of its own. Injects {@link
 * Store} and {@link OpenStore}. The tests of a class share the data: let each use tenants of its
 * own.
 *
 * <pre>{@code
 * @ExtendWith(RedisExtension.class)
 * class QuotaTest {
 *   @Test
 *   void neverOverAdmits(Store store) { ... RedisExtension.await(store.ping()); }
 * }
 * }</pre>
 */
public final class RedisExtension implements BeforeAllCallback, ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(RedisExtension.class);

  @Override
  public void beforeAll(ExtensionContext context) {
    context.getStore(NAMESPACE).put(Running.class, Running.start());
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Store.class || type == OpenStore.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Running running = context.getStore(NAMESPACE).get(Running.class, Running.class);
    return parameter.getParameter().getType() == Store.class ? running.open.store() : running.open;
  }

  /** The result of a future, waited for up to 20 s; its failure is thrown as it is. */
  public static <T> T await(Future<T> future) {
    try {
      return future.await(20, TimeUnit.SECONDS);
    } catch (java.util.concurrent.TimeoutException e) {
      throw new AssertionError("no result within 20 s", e);
    }
  }

  /** Removes a directory with everything in it. */
  static void deleteTree(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Running(Vertx vertx, OpenStore open, Path directory) implements AutoCloseable {
    static Running start() {
      try {
        Path directory = Files.createTempDirectory("parley-store");
        Vertx vertx = Vertx.vertx();
        StoreOptions options = StoreOptions.defaults(directory).withFsync(FsyncPolicy.EVERYSEC);
        return new Running(vertx, await(Stores.open(vertx, options)), directory);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      await(open.close());
      await(vertx.close());
      deleteTree(directory);
    }
  }
}
