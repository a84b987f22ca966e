package dev.parley.hub.gateway;

import dev.parley.hub.gateway.rest.RestGateway;
import dev.parley.hub.gateway.ws.WsGateway;
import dev.parley.hub.gateway.ws.WsSettings;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocketHandshake;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one port: REST and documents by the router, WebSockets on {@code /} and {@code /ws}. One
 * server per event loop shares the port, so that sockets spread over the loops.
 */
public final class HttpGateway {
  /** Vert.x: a free port, the same for all servers of one deployment. */
  private static final int ANY_SHARED_PORT = -1;

  private final Vertx vertx;
  private final RestGateway rest;
  private final WsGateway webSockets;
  private final WsSettings settings;
  private final Duration httpIdleTimeout;
  private final Origins origins;
  private final AtomicInteger port = new AtomicInteger();
  private final AtomicInteger underWay = new AtomicInteger();
  private @Nullable String deployment;

  public HttpGateway(
      Vertx vertx,
      RestGateway rest,
      WsGateway webSockets,
      WsSettings settings,
      Duration httpIdleTimeout,
      Origins origins) {
    this.vertx = vertx;
    this.rest = rest;
    this.webSockets = webSockets;
    this.settings = settings;
    this.httpIdleTimeout = httpIdleTimeout;
    this.origins = origins;
  }

  /**
   * Listens.
   *
   * @param wanted port, 0 for a free one
   * @return fails with {@code unavailable} in one line when the port cannot be had
   */
  public Future<Void> listen(String host, int wanted) {
    port.set(wanted == 0 ? ANY_SHARED_PORT : wanted);
    return deploy(host, Runtime.getRuntime().availableProcessors())
        .recover(failure -> Future.failedFuture(notListening(host, wanted, failure)))
        .mapEmpty();
  }

  public int port() {
    return port.get();
  }

  /** Whether a request waits for its answer; an upgraded socket is none. */
  public boolean isBusy() {
    return underWay.get() > 0;
  }

  /** Stops listening. */
  public Future<Void> close() {
    return deployment == null ? Future.succeededFuture() : vertx.undeploy(deployment);
  }

  private Future<String> deploy(String host, int instances) {
    int wanted = port.get();
    return vertx
        .deployVerticle(
            (Supplier<Deployable>) () -> new Listener(host, wanted),
            new DeploymentOptions().setInstances(instances))
        .onSuccess(id -> deployment = deployment == null ? id : deployment);
  }

  private static ParleyException notListening(String host, int wanted, Throwable failure) {
    return new ParleyException(
        ErrorCode.UNAVAILABLE,
        "cannot listen on %s:%d: %s; choose another with --host or --port"
            .formatted(host, wanted, failure.getMessage()),
        failure);
  }

  private final class Listener extends VerticleBase {
    private final String host;
    private final int wanted;

    Listener(String host, int wanted) {
      this.host = host;
      this.wanted = wanted;
    }

    @Override
    public Future<?> start() {
      int hardLimit = settings.hardLimitBytes();
      HttpServer server =
          vertx.createHttpServer(
              new HttpServerOptions()
                  .setMaxWebSocketFrameSize(hardLimit)
                  .setMaxWebSocketMessageSize(hardLimit)
                  .setPerFrameWebSocketCompressionSupported(false)
                  .setPerMessageWebSocketCompressionSupported(false)
                  .setMaxHeaderSize(16 << 10)
                  .setHttp2ClearTextEnabled(false)
                  .setTcpNoDelay(true)
                  .setIdleTimeout(0));
      HttpPatience patience =
          new HttpPatience(
              vertx, settings.handshakeTimeout(), httpIdleTimeout, settings.maxConnections());
      Router router = rest.router(vertx);
      router.route().order(-1).handler(context -> watch(context, patience));
      return server
          .connectionHandler(patience::opened)
          .webSocketHandshakeHandler(handshake -> admit(handshake, patience))
          .webSocketHandler(webSockets::accept)
          .requestHandler(router)
          .listen(wanted, host)
          .onSuccess(listening -> port.set(listening.actualPort()));
    }
  }

  private void watch(RoutingContext context, HttpPatience patience) {
    HttpServerRequest request = context.request();
    patience.asked(request);
    context.put(
        RestGateway.TAKES_ITS_TIME, (Runnable) () -> patience.handled(request.remoteAddress()));
    underWay.incrementAndGet();
    context.addEndHandler(
        done -> {
          underWay.decrementAndGet();
          patience.answered(request.remoteAddress());
        });
    context.next();
  }

  /** Lets a socket in by path and, for a browser page, by origin. */
  private void admit(ServerWebSocketHandshake handshake, HttpPatience patience) {
    String path = handshake.path();
    String origin = handshake.headers().get("Origin");
    if (!path.equals("/") && !path.equals("/ws")) {
      handshake.reject(404);
      patience.answered(handshake.remoteAddress());
    } else if (origin != null && !origins.admits(origin, handshake.headers().get("Host"))) {
      handshake.reject(403);
      patience.answered(handshake.remoteAddress());
    } else {
      patience.forget(handshake.remoteAddress());
      handshake.accept();
    }
  }
}
