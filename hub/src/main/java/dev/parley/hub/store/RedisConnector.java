package dev.parley.hub.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one connection to Redis: connects, watches it, and connects again after a pause that
 * doubles from 25 ms to 1 s and is jittered by half. All state belongs to one context.
 *
 * <p>Where to connect is asked before each attempt. Each has a client of its own, because closing
 * the client is the public way to really close a connection: closing the connection itself would
 * only give it back to the pool, with whatever is still unanswered on it.
 */
final class RedisConnector {
  /** Who uses the connection. Called on the context. */
  interface Listener {
    void up(RedisConnection connection);

    void down();
  }

  private static final Logger LOG = LoggerFactory.getLogger(RedisConnector.class);
  private static final long FIRST_PAUSE_MS = 25;
  private static final long LONGEST_PAUSE_MS = 1_000;

  /** A connection that lasted this long was a good one: the next pause is the first one again. */
  private static final long GOOD_NANOS = 1_000_000_000;

  private final Vertx vertx;
  private final Context context;
  private final Supplier<RedisUrl> where;
  private final StoreOptions options;
  private final String purpose;
  private final Listener listener;
  private @Nullable Redis client;
  private RedisUrl url;
  private boolean up;
  private boolean closed;
  private int failures;
  private long upSince;

  RedisConnector(
      Vertx vertx,
      Context context,
      Supplier<RedisUrl> where,
      StoreOptions options,
      String purpose,
      Listener listener) {
    this.vertx = vertx;
    this.context = context;
    this.where = where;
    this.options = options;
    this.purpose = purpose;
    this.listener = listener;
    this.url = where.get();
  }

  /** Connects for the first time; a failure of this attempt is final. */
  Future<Void> start() {
    Promise<Void> started = Promise.promise();
    context.runOnContext(v -> connect().onComplete(started));
    return started.future();
  }

  /** Connects, however many attempts that takes; answers what came of the first. */
  Future<Void> startTrying() {
    Promise<Void> tried = Promise.promise();
    context.runOnContext(v -> connect().onFailure(e -> connectLater()).onComplete(tried));
    return tried.future();
  }

  /** Gives up a connection that no longer answers, and connects again. */
  void drop(String why) {
    context.runOnContext(
        v -> {
          Redis current = client;
          if (up && current != null) {
            lost(current, why);
          }
        });
  }

  Future<Void> close() {
    Promise<Void> done = Promise.promise();
    context.runOnContext(
        v -> {
          closed = true;
          Redis current = client;
          client = null;
          up = false;
          (current == null ? Future.<Void>succeededFuture() : current.close()).onComplete(done);
        });
    return done.future();
  }

  private Future<Void> connect() {
    url = where.get();
    Redis fresh = Redis.createClient(vertx, url.options(options));
    client = fresh;
    return fresh
        .connect()
        .timeout(options.commandTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .<Void>compose(
            connection -> {
              if (closed || client != fresh) {
                return Future.failedFuture(RedisFailure.closed());
              }
              connection.exceptionHandler(e -> lost(fresh, RedisFailure.reason(e)));
              connection.endHandler(v -> lost(fresh, "closed by the other side"));
              up = true;
              upSince = System.nanoTime();
              listener.up(connection);
              return Future.succeededFuture();
            })
        .onFailure(
            e -> {
              if (client == fresh) {
                client = null;
              }
              fresh.close();
            });
  }

  private void lost(Redis which, String why) {
    if (client != which) {
      return;
    }
    client = null;
    if (up && System.nanoTime() - upSince >= GOOD_NANOS) {
      failures = 0;
    }
    up = false;
    LOG.warn("lost the connection for {} to Redis at {}: {}", purpose, url, why);
    listener.down();
    which.close();
    connectLater();
  }

  private void connectLater() {
    if (closed) {
      return;
    }
    long pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(failures, 10));
    long jittered = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
    failures++;
    vertx.setTimer(
        jittered,
        id -> {
          if (!closed) {
            connect()
                .onSuccess(v -> LOG.info("connected for {} to Redis at {} again", purpose, url))
                .onFailure(
                    e -> {
                      LOG.debug(
                          "cannot connect for {} to Redis at {}: {}",
                          purpose,
                          url,
                          RedisFailure.reason(e));
                      connectLater();
                    });
          }
        });
  }
}
