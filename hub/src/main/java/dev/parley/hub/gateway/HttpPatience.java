package dev.parley.hub.gateway;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hangs up on HTTP connections that take too long to say what they want, or say nothing after an
 * answer, and bounds how many there are. A request that is being handled takes its time. Belongs to
 * one event loop.
 */
final class HttpPatience {
  private static final long IDLE_MS = Duration.ofSeconds(75).toMillis();

  private final Vertx vertx;
  private final long requestMs;
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
   * @param maxOpen connections of this event loop
   */
  HttpPatience(Vertx vertx, Duration request, int maxOpen) {
    this.vertx = vertx;
    this.requestMs = request.toMillis();
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
    request.end().onSuccess(whole -> stopWaiting(open.get(client)));
  }

  /** A request was answered. */
  void answered(SocketAddress client) {
    wait(client, IDLE_MS);
  }

  /** The connection has become something else. */
  void forget(SocketAddress client) {
    stopWaiting(open.remove(client));
  }

  private void wait(SocketAddress client, long delayMs) {
    Waiting waiting = open.get(client);
    if (waiting != null) {
      stopWaiting(waiting);
      waiting.timer = vertx.setTimer(delayMs, late -> waiting.connection.close());
    }
  }

  private void stopWaiting(@Nullable Waiting waiting) {
    if (waiting != null) {
      vertx.cancelTimer(waiting.timer);
    }
  }
}
