package dev.parley.hub.gateway;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hangs up on HTTP connections that take too long to say what they want, or to read an answer, or
 * say nothing after it, and bounds how many there are. A request that is being handled takes its
 * time. Belongs to one event loop.
 *
 * <p>It closes the channel: Vert.x closes a connection only once all that waits to be sent has been
 * read, which a client can put off without end. How much waits is bounded, as Vert.x handles the
 * next request of a connection only once the answer before it has been handed to the channel.
 */
final class HttpPatience {
  private final Vertx vertx;
  private final long requestMs;
  private final long idleMs;
  private final int maxOpen;
  private final Map<SocketAddress, Waiting> open = new HashMap<>();

  private static final class Waiting {
    private final HttpConnection connection;
    private long timer = -1;

    Waiting(HttpConnection connection) {
      this.connection = connection;
    }
  }

  /**
   * Starts without connections.
   *
   * @param request how long a request may take to come in whole
   * @param idle how long an answer may take to be read and the next request to come
   * @param maxOpen connections of this event loop
   */
  HttpPatience(Vertx vertx, Duration request, Duration idle, int maxOpen) {
    this.vertx = vertx;
    this.requestMs = request.toMillis();
    this.idleMs = idle.toMillis();
    this.maxOpen = maxOpen;
  }

  void opened(HttpConnection connection) {
    if (open.size() >= maxOpen) {
      connection.close();
      return;
    }
    SocketAddress client = connection.remoteAddress();
    open.put(client, new Waiting(connection));
    connection.closeHandler(closed -> forget(client));
    wait(client, requestMs);
  }

  /** A request has begun to come in. */
  void asked(HttpServerRequest request) {
    SocketAddress client = request.remoteAddress();
    wait(client, requestMs);
    request
        .end()
        .onSuccess(
            whole -> {
              if (!request.response().ended()) {
                stopWaiting(open.get(client));
              }
            });
  }

  /** Who handles the request sees to it that it gets on. */
  void handled(SocketAddress client) {
    stopWaiting(open.get(client));
  }

  /** A request was answered. */
  void answered(SocketAddress client) {
    wait(client, idleMs);
  }

  /** The connection has become something else. */
  void forget(SocketAddress client) {
    stopWaiting(open.remove(client));
  }

  private void wait(SocketAddress client, long delayMs) {
    Waiting waiting = open.get(client);
    if (waiting != null) {
      stopWaiting(waiting);
      waiting.timer = vertx.setTimer(delayMs, late -> hangUp(waiting.connection));
    }
  }

  private static void hangUp(HttpConnection connection) {
    ((HttpServerConnection) connection).channelHandlerContext().close();
  }

  private void stopWaiting(@Nullable Waiting waiting) {
    if (waiting != null) {
      vertx.cancelTimer(waiting.timer);
    }
  }
}
