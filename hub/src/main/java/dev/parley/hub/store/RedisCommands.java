package dev.parley.hub.store;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one server that many commands share: pipelined, each command with a deadline, and
 * a bound on how many wait. May be called from any thread; a future completes on its caller's
 * context.
 *
 * <p>Every command has the same timeout, so that the waiting commands, in the order in which they
 * were sent, are also in the order of their deadlines: one periodic look at the head of the queue
 * replaces a timer per command. When a command is late and Redis has answered nothing else for that
 * long either, the connection is taken for dead and given up, and with it whatever waits on it. So
 * is the connection to a master that has become a replica, for then the master is elsewhere.
 */
final class RedisCommands implements RedisConnector.Listener {
  private final Vertx vertx;
  private final Context context;
  private final long timeoutNanos;
  private final long timeoutMs;
  private final int maxWaiting;
  private final Runnable onUp;
  private final RedisConnector connector;
  private final Queue<Waiting> deadlines = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile @Nullable RedisConnection connection;
  private volatile long answeredAt = System.nanoTime();
  private volatile boolean closed;
  private long sweeper = -1;

  RedisCommands(
      Vertx vertx,
      Context context,
      RedisUrl url,
      StoreOptions options,
      String purpose,
      Runnable onUp) {
    this(
        vertx,
        context,
        url,
        options,
        options.commandTimeout(),
        options.maxWaiting(),
        purpose,
        onUp);
  }

  /** With a timeout and a bound of its own. */
  RedisCommands(
      Vertx vertx,
      Context context,
      RedisUrl url,
      StoreOptions options,
      Duration timeout,
      int maxWaiting,
      String purpose,
      Runnable onUp) {
    this.vertx = vertx;
    this.context = context;
    this.timeoutNanos = timeout.toNanos();
    this.timeoutMs = timeout.toMillis();
    this.maxWaiting = maxWaiting;
    this.onUp = onUp;
    this.connector = new RedisConnector(vertx, context, () -> url, options, purpose, this);
  }

  /** Connects; a failure of the first attempt is final. */
  Future<Void> start() {
    sweep();
    return connector.start();
  }

  /** As {@link RedisConnector#startTrying}. */
  Future<Void> startTrying() {
    sweep();
    return connector.startTrying();
  }

  private void sweep() {
    context.runOnContext(
        v -> {
          long every = Math.max(5, Math.min(50, timeoutMs / 20));
          sweeper = vertx.setPeriodic(every, id -> failLateCommands());
        });
  }

  boolean isUp() {
    return connection != null;
  }

  Future<Void> close() {
    closed = true;
    connection = null;
    context.runOnContext(v -> vertx.cancelTimer(sweeper));
    return connector.close();
  }

  @Override
  public void up(RedisConnection fresh) {
    answeredAt = System.nanoTime();
    connection = fresh;
    onUp.run();
  }

  @Override
  public void down() {
    connection = null;
  }

  /** Sends a command. Fails with Redis's own error, or with a {@link ParleyException}. */
  Future<@Nullable Response> send(Request request) {
    RedisConnection current = connection;
    if (current == null) {
      return Future.failedFuture(closed ? RedisFailure.closed() : RedisFailure.away());
    }
    if (waiting.incrementAndGet() > maxWaiting) {
      waiting.decrementAndGet();
      return Future.failedFuture(RedisFailure.full(maxWaiting));
    }
    Waiting command = new Waiting(System.nanoTime() + timeoutNanos, Caller.current());
    deadlines.add(command);
    current.send(request).onComplete(command::answered);
    return command.promise.future();
  }

  private void failLateCommands() {
    long now = System.nanoTime();
    boolean late = false;
    for (Waiting head = deadlines.peek(); head != null; head = deadlines.peek()) {
      if (!head.answered && head.deadline - now > 0) {
        break;
      }
      deadlines.poll();
      if (!head.answered) {
        late = true;
        head.fail(RedisFailure.late(timeoutMs));
      }
    }
    if (late && now - answeredAt >= timeoutNanos) {
      connector.drop("no answer within %d ms".formatted(timeoutMs));
    }
  }

  private final class Waiting {
    final long deadline;
    final Caller caller;
    final Promise<@Nullable Response> promise = Promise.promise();
    volatile boolean answered;

    Waiting(long deadline, Caller caller) {
      this.deadline = deadline;
      this.caller = caller;
    }

    void answered(AsyncResult<@Nullable Response> result) {
      waiting.decrementAndGet();
      answeredAt = System.nanoTime();
      answered = true;
      if (result.failed() && RedisFailure.kind(result.cause()).equals("READONLY")) {
        connector.drop("it is a replica now");
      }
      caller.complete(promise, result);
    }

    void fail(ParleyException failure) {
      caller.run(() -> promise.tryFail(failure));
    }
  }
}
