package dev.parley.hub.store;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** The way to a {@link Store}. */
public final class Stores {
  private Stores() {}

  /**
   * Opens the store: connects to the Redis of {@link StoreOptions#redisUrl()}, or locks the data
   * directory and starts a {@code redis-server} of the hub's own in it.
   *
   * <p>The forms of a Redis URL, whose user, password and database are optional, and which take
   * {@code rediss} in place of {@code redis} for TLS with the trust store of the JVM:
   *
   * <ul>
   *   <li>{@code redis://user:password@host:port/database}
   *   <li>{@code redis-sentinel://user:password@h1:port,h2:port/name-of-the-master/database}
   *   <li>{@code redis-cluster://user:password@h1:port,h2:port}
   * </ul>
   *
   * @return fails with a {@link ParleyException} whose message is one line: {@code invalid_request}
   *     for an option that cannot work, {@code conflict} when another hub uses the data directory,
   *     {@code unavailable} when Redis cannot be started or reached
   */
  public static Future<OpenStore> open(Vertx vertx, StoreOptions options) {
    return options.redisUrl().isPresent()
        ? openRemote(vertx, options, options.redisUrl().get())
        : openEmbedded(vertx, options);
  }

  private static Future<OpenStore> openRemote(Vertx vertx, StoreOptions options, String text) {
    RedisUrl url;
    try {
      url = RedisUrl.parse(text);
    } catch (ParleyException e) {
      return Future.failedFuture(e);
    }
    return vertx
        .executeBlocking(() -> DataDirectory.create(options.data()), false)
        .compose(
            data ->
                RedisStore.connect(vertx, url, options)
                    .compose(store -> opened(vertx, store, data, url.toString(), store::close)));
  }

  private static Future<OpenStore> openEmbedded(Vertx vertx, StoreOptions options) {
    return vertx
        .executeBlocking(() -> DataDirectory.lock(options.data()), false)
        .compose(
            data -> {
              EmbeddedRedis server = new EmbeddedRedis(data.path(), options);
              return onContext(vertx, server.start())
                  .compose(
                      socket ->
                          RedisStore.connect(vertx, RedisUrl.unixSocket(socket), options)
                              .compose(
                                  store ->
                                      opened(
                                          vertx,
                                          store,
                                          data.path(),
                                          "unix:" + socket,
                                          () -> close(vertx, store, server, data)))
                              .recover(
                                  e ->
                                      onContext(vertx, server.close())
                                          .transform(done -> Future.failedFuture(e))))
                  .onFailure(e -> data.close());
            });
  }

  private static Future<OpenStore> opened(
      Vertx vertx, RedisStore store, Path data, String location, Supplier<Future<Void>> closing) {
    StoreClock clock = new StoreClock(vertx, store, System::nanoTime);
    return clock
        .start()
        .map(known -> new OpenStore(store, clock, data, location, closing))
        .recover(e -> store.close().transform(closed -> Future.failedFuture(e)));
  }

  private static Future<Void> close(
      Vertx vertx, RedisStore store, EmbeddedRedis server, DataDirectory data) {
    return store
        .close()
        .transform(closed -> onContext(vertx, server.close()))
        .onComplete(stopped -> data.close());
  }

  private static <T> Future<T> onContext(Vertx vertx, CompletionStage<T> stage) {
    Context context = vertx.getOrCreateContext();
    Promise<T> promise = Promise.promise();
    stage.whenComplete(
        (value, failure) ->
            context.runOnContext(
                v -> {
                  if (failure == null) {
                    promise.complete(value);
                  } else {
                    promise.fail(failure);
                  }
                }));
    return promise.future();
  }

  /** The directory of the server that the hub starts itself. */
  static Path serverDirectory(Path data) {
    return data.resolve("redis");
  }
}
