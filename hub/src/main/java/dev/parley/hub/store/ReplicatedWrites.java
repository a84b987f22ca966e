package dev.parley.hub.store;

import dev.parley.protocol.error.ParleyException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes that count only when replicas have them too. They go out in groups, each followed by one
 * {@code WAIT} on the same connection; what comes meanwhile is the next group, as databases commit
 * to disk. A group is all that waits, so that each write waits for two {@code WAIT}s at most. The
 * connection is the proof that both were the same server's: a master that is replaced in between
 * breaks it.
 */
final class ReplicatedWrites {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicatedWrites.class);

  private static final int ONE_WAIT = 1;

  private record Write(Request request, Caller caller, Promise<@Nullable Response> promise) {}

  private final Context context;
  private final RedisCommands commands;
  private final int replicas;
  private final long timeoutMs;
  private final int maxWaiting;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Queue<Write> queue = new ArrayDeque<>();
  private boolean busy;
  private boolean confirmed = true;

  ReplicatedWrites(Vertx vertx, Context context, RedisUrl url, StoreOptions options) {
    this.context = context;
    commands =
        new RedisCommands(
            vertx,
            context,
            url,
            options,
            options.commandTimeout().plus(options.replicaTimeout()),
            options.maxWaiting() + ONE_WAIT,
            "replicated writes",
            () -> {});
    replicas = options.replicas();
    timeoutMs = options.replicaTimeout().toMillis();
    maxWaiting = options.maxWaiting();
  }

  Future<Void> start() {
    return commands.start();
  }

  /** As {@link RedisConnector#startTrying}. */
  Future<Void> startTrying() {
    return commands.startTrying();
  }

  Future<Void> close() {
    return commands.close();
  }

  Future<@Nullable Response> send(Request request) {
    if (waiting.incrementAndGet() > maxWaiting) {
      waiting.decrementAndGet();
      return Future.failedFuture(RedisFailure.full(maxWaiting));
    }
    Write write = new Write(request, Caller.current(), Promise.promise());
    context.runOnContext(
        v -> {
          queue.add(write);
          if (!busy) {
            sendGroup();
          }
        });
    return write.promise.future();
  }

  private void sendGroup() {
    busy = true;
    List<Write> group = new ArrayList<>();
    List<Future<@Nullable Response>> written = new ArrayList<>();
    while (!queue.isEmpty()) {
      Write write = queue.remove();
      group.add(write);
      written.add(commands.send(write.request));
    }
    Future<Long> having =
        commands.send(Request.cmd(Command.WAIT).arg(replicas).arg(timeoutMs)).map(Replies::integer);
    having.onComplete(
        counted -> Future.join(written).onComplete(all -> end(group, written, counted)));
  }

  private void end(
      List<Write> group, List<Future<@Nullable Response>> written, AsyncResult<Long> counted) {
    boolean enough = counted.succeeded() && counted.result() >= replicas;
    logChange(enough, counted);
    for (int i = 0; i < group.size(); i++) {
      Future<@Nullable Response> result = written.get(i);
      Write write = group.get(i);
      waiting.decrementAndGet();
      write.caller.complete(
          write.promise,
          enough || result.failed() ? result : Future.failedFuture(unconfirmed(counted)));
    }
    busy = false;
    if (!queue.isEmpty()) {
      sendGroup();
    }
  }

  private ParleyException unconfirmed(AsyncResult<Long> counted) {
    if (counted.succeeded()) {
      return RedisFailure.unconfirmed(counted.result(), replicas, timeoutMs);
    }
    return RedisFailure.kind(counted.cause()).isEmpty()
        ? RedisFailure.of(counted.cause())
        : RedisFailure.unconfirmed(0, replicas, timeoutMs);
  }

  private void logChange(boolean enough, AsyncResult<Long> counted) {
    if (enough && !confirmed) {
      LOG.info("{} replicas of Redis confirm writes again", replicas);
    } else if (!enough && confirmed) {
      LOG.warn("refusing what must not be lost: {}", RedisFailure.reason(unconfirmed(counted)));
    }
    confirmed = enough;
  }
}
