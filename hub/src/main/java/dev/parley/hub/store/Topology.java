package dev.parley.hub.store;

import io.vertx.core.Future;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import org.jspecify.annotations.Nullable;

/**
 * The servers that hold the keys. Futures fail with Redis's own error or with a {@code
 * ParleyException}, and complete on their caller's context.
 */
interface Topology {
  /** Connects; a failure of the first attempt is final. */
  Future<Void> start();

  /** To the server that holds the key. */
  Future<@Nullable Response> send(Key key, Request request);

  /** The same; succeeds only when enough replicas have what was written. */
  Future<@Nullable Response> sendReplicated(Key key, Request request);

  /** To any of the servers. */
  Future<@Nullable Response> sendAnywhere(Request request);

  /** A server to listen at. */
  RedisUrl listenAt();

  Future<Void> close();
}
