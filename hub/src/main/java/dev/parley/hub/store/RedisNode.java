package dev.parley.hub.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import org.jspecify.annotations.Nullable;

/**
 * One server that takes writes, with one connection for commands and, where replicas are to
 * confirm, one for what they confirm: a {@code WAIT} holds up what comes after it on a connection.
 */
final class RedisNode implements Topology {
  private final RedisUrl url;
  private final RedisCommands commands;
  private final @Nullable ReplicatedWrites replicated;

  /**
   * Does not connect.
   *
   * @param onUp runs each time that commands can be sent again
   */
  RedisNode(Vertx vertx, Context context, RedisUrl url, StoreOptions options, Runnable onUp) {
    this.url = url;
    commands = new RedisCommands(vertx, context, url, options, "commands", onUp);
    replicated =
        options.replicas() == 0 ? null : new ReplicatedWrites(vertx, context, url, options);
  }

  @Override
  public Future<Void> start() {
    return replicated == null
        ? commands.start()
        : commands.start().compose(started -> replicated.start());
  }

  /** As {@link RedisConnector#startTrying}. */
  Future<Void> startTrying() {
    return replicated == null
        ? commands.startTrying()
        : Future.join(commands.startTrying(), replicated.startTrying()).mapEmpty();
  }

  boolean isUp() {
    return commands.isUp();
  }

  Future<@Nullable Response> send(Request request) {
    return commands.send(request);
  }

  Future<@Nullable Response> sendReplicated(Request request) {
    return replicated == null ? commands.send(request) : replicated.send(request);
  }

  @Override
  public Future<@Nullable Response> send(Key key, Request request) {
    return send(request);
  }

  @Override
  public Future<@Nullable Response> sendReplicated(Key key, Request request) {
    return sendReplicated(request);
  }

  @Override
  public Future<@Nullable Response> sendAnywhere(Request request) {
    return send(request);
  }

  @Override
  public RedisUrl listenAt() {
    return url;
  }

  @Override
  public Future<Void> close() {
    return replicated == null
        ? commands.close()
        : Future.join(commands.close(), replicated.close()).mapEmpty();
  }
}
