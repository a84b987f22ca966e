package dev.parley.hub.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection that listens on topics. A gap is told twice: when the connection is lost, so that
 * nothing stale is used while the hub is deaf, and when all topics are subscribed again, because
 * what was read in between may be stale too. All state belongs to one context.
 *
 * <p>A dead connection is found out by subscribing to a topic that nobody uses every quarter of the
 * command timeout, which Redis confirms each time. A ping would not do: when a message is pushed
 * before the answer, version 5.1 of the client takes the message for the answer. A silence that
 * this event loop slept through proves nothing.
 */
final class RedisSubscriptions implements RedisConnector.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(RedisSubscriptions.class);

  private record Listening(Consumer<String> onMessage, Runnable onGap, Caller caller) {}

  private static final String HEARTBEAT = "parley-heartbeat";

  private final Vertx vertx;
  private final Context context;
  private final long timeoutMs;
  private final RedisConnector connector;
  private final Map<String, List<Listening>> topics = new HashMap<>();
  private final Map<String, List<Promise<Void>>> unconfirmed = new HashMap<>();
  private final Set<String> missing = new HashSet<>();
  private @Nullable RedisConnection connection;
  private long heartbeat = -1;
  private long heardAt;
  private long probedAt;

  RedisSubscriptions(Vertx vertx, Context context, Supplier<RedisUrl> where, StoreOptions options) {
    this.vertx = vertx;
    this.context = context;
    this.timeoutMs = options.commandTimeout().toMillis();
    this.connector = new RedisConnector(vertx, context, where, options, "subscriptions", this);
  }

  Future<Void> start() {
    context.runOnContext(
        v -> heartbeat = vertx.setPeriodic(Math.max(5, timeoutMs / 4), id -> probe()));
    return connector.start();
  }

  /** Listens at another server, as the one listened to may not hear the others any more. */
  void move() {
    connector.drop("the servers have changed");
  }

  Future<Void> close() {
    context.runOnContext(
        v -> {
          vertx.cancelTimer(heartbeat);
          connection = null;
          failUnconfirmed();
        });
    return connector.close();
  }

  Future<Void> subscribe(String topic, Consumer<String> onMessage, Runnable onGap) {
    Listening listening = new Listening(onMessage, onGap, Caller.current());
    Promise<Void> done = Promise.promise();
    context.runOnContext(
        v ->
            subscribe(topic, listening)
                .onComplete(result -> listening.caller.run(() -> done.handle(result))));
    return done.future();
  }

  private Future<Void> subscribe(String topic, Listening listening) {
    RedisConnection current = connection;
    if (current == null) {
      return Future.failedFuture(RedisFailure.away());
    }
    List<Listening> known = topics.get(topic);
    boolean subscribed = known != null && !unconfirmed.containsKey(topic);
    topics.computeIfAbsent(topic, t -> new ArrayList<>()).add(listening);
    if (subscribed && !missing.contains(topic)) {
      return Future.succeededFuture();
    }
    Promise<Void> confirmed = Promise.promise();
    unconfirmed.computeIfAbsent(topic, t -> new ArrayList<>()).add(confirmed);
    long deadline =
        vertx.setTimer(timeoutMs, id -> confirmed.tryFail(RedisFailure.late(timeoutMs)));
    current
        .send(Request.cmd(Command.SUBSCRIBE).arg(topic))
        .onFailure(e -> confirmed.tryFail(RedisFailure.of(e)));
    return confirmed
        .future()
        .onComplete(result -> vertx.cancelTimer(deadline))
        .onFailure(e -> remove(topic, listening));
  }

  private void remove(String topic, Listening listening) {
    List<Listening> known = topics.get(topic);
    if (known != null && known.remove(listening) && known.isEmpty()) {
      topics.remove(topic);
    }
  }

  @Override
  public void up(RedisConnection fresh) {
    connection = fresh;
    heardAt = System.nanoTime();
    fresh.handler(this::receive);
    missing.clear();
    missing.addAll(topics.keySet());
    if (!missing.isEmpty()) {
      Request all = Request.cmd(Command.SUBSCRIBE);
      missing.forEach(all::arg);
      fresh.send(all).onFailure(e -> connector.drop("cannot subscribe"));
    }
  }

  @Override
  public void down() {
    connection = null;
    failUnconfirmed();
    tellGap();
  }

  private void failUnconfirmed() {
    List<Promise<Void>> failing = new ArrayList<>();
    unconfirmed.values().forEach(failing::addAll);
    unconfirmed.clear();
    failing.forEach(promise -> promise.tryFail(RedisFailure.away()));
  }

  private void receive(Response push) {
    heardAt = System.nanoTime();
    if (push.type() != ResponseType.PUSH || push.size() < 3) {
      return;
    }
    String topic = push.get(1).toString();
    switch (push.get(0).toString()) {
      case "message" -> deliver(topic, push.get(2).toString());
      case "subscribe" -> confirmed(topic);
      default -> LOG.debug("Redis pushed a message of the kind {}", push.get(0));
    }
  }

  private void deliver(String topic, String message) {
    for (Listening listening : List.copyOf(topics.getOrDefault(topic, List.of()))) {
      run(listening, () -> listening.onMessage.accept(message));
    }
  }

  private void confirmed(String topic) {
    List<Promise<Void>> promises = unconfirmed.remove(topic);
    if (promises != null) {
      promises.forEach(Promise::tryComplete);
    }
    if (missing.remove(topic) && missing.isEmpty()) {
      tellGap();
    }
  }

  private void tellGap() {
    for (List<Listening> listenings : List.copyOf(topics.values())) {
      for (Listening listening : List.copyOf(listenings)) {
        run(listening, listening.onGap);
      }
    }
  }

  private static void run(Listening listening, Runnable action) {
    listening.caller.run(
        () -> {
          try {
            action.run();
          } catch (RuntimeException e) {
            LOG.error("a listener of a topic failed", e);
          }
        });
  }

  private void probe() {
    RedisConnection current = connection;
    if (current == null) {
      return;
    }
    long now = System.nanoTime();
    if (now - probedAt > TimeUnit.MILLISECONDS.toNanos(timeoutMs)) {
      heardAt = now;
    }
    probedAt = now;
    if (now - heardAt > TimeUnit.MILLISECONDS.toNanos(timeoutMs + timeoutMs / 4)) {
      connector.drop("silent for more than %d ms".formatted(timeoutMs));
    } else {
      current.send(Request.cmd(Command.SUBSCRIBE).arg(HEARTBEAT));
    }
  }
}
