package dev.parley.hub.gateway.rest;

import dev.parley.hub.gateway.IncomingBody;
import dev.parley.hub.gateway.OutgoingBody;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * A stream of bytes between a client and an operation. One piece is under way at a time: the client
 * is read no faster than the operation takes, and the operation asked no faster than the client
 * reads, so that a transfer takes the same little memory however large it is and however slow the
 * other side. One that does not get on is ended. Belongs to one event loop.
 */
final class BodyTransfer {
  private static final Duration LONGEST = Duration.ofHours(1);

  private final Vertx vertx;
  private final Context loop;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final long idleMs;
  private final long startedNanos = System.nanoTime();
  private final Promise<Object> ended = Promise.promise();
  private long movedNanos = startedNanos;
  private long timer = -1;
  private boolean waitsForClient;

  BodyTransfer(RoutingContext context, Duration idle) {
    vertx = context.vertx();
    loop = vertx.getOrCreateContext();
    request = context.request();
    response = context.response();
    idleMs = idle.toMillis();
    context.<Runnable>get(RestGateway.TAKES_ITS_TIME).run();
    context.addEndHandler(
        end -> {
          if (end.failed()) {
            ended.tryFail(lost());
          }
        });
    watch();
  }

  /** Reads the request's body; answers what the operation makes of it. */
  Future<Object> receive(IncomingBody body) {
    request.exceptionHandler(failure -> ended.tryFail(lost()));
    request.handler(
        piece -> {
          request.pause();
          waitsForClient = false;
          body.write(piece)
              .onSuccess(
                  taken -> {
                    if (!ended.future().isComplete()) {
                      waitForClient();
                      request.resume();
                    }
                  })
              .onFailure(ended::tryFail);
        });
    request.endHandler(
        all -> {
          stopWatching();
          body.end()
              .<Object>map(result -> result)
              .onSuccess(ended::tryComplete)
              .onFailure(ended::tryFail);
        });
    ended
        .future()
        .onFailure(
            failure -> {
              stopWatching();
              request.handler(rest -> {});
              request.endHandler(end -> {});
              body.abort();
            });
    if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
      response.writeContinue();
    }
    waitForClient();
    request.resume();
    return ended.future();
  }

  private void waitForClient() {
    waitsForClient = true;
    movedNanos = System.nanoTime();
  }

  /** Writes the answer's body; succeeds never, as there is nothing more to answer then. */
  Future<Object> send(OutgoingBody body) {
    response.exceptionHandler(failure -> ended.tryFail(lost()));
    Promise<Object> refused = Promise.promise();
    ended
        .future()
        .onComplete(
            done -> {
              stopWatching();
              body.close();
              if (done.failed() && response.headWritten()) {
                response.reset();
              } else if (done.failed()) {
                refused.fail(done.cause());
              }
            });
    next(body);
    return refused.future();
  }

  private void next(OutgoingBody body) {
    if (ended.future().isComplete()) {
      return;
    }
    body.next().onComplete(next -> loop.runOnContext(go -> given(body, next)));
  }

  private void given(OutgoingBody body, AsyncResult<Buffer> next) {
    if (ended.future().isComplete()) {
      return;
    }
    if (next.failed()) {
      ended.tryFail(next.cause());
      return;
    }
    begin(body);
    if (next.result().length() == 0) {
      response.end().onSuccess(ended::tryComplete).onFailure(ended::tryFail);
    } else {
      write(body, next.result());
    }
  }

  private void begin(OutgoingBody body) {
    if (!response.headWritten()) {
      response.setStatusCode(body.status());
      body.headers().forEach(response::putHeader);
      response.setChunked(!body.headers().containsKey("Content-Length"));
    }
  }

  private void write(OutgoingBody body, Buffer piece) {
    waitForClient();
    response
        .write(piece)
        .onFailure(ended::tryFail)
        .onSuccess(
            written -> {
              waitsForClient = false;
              next(body);
            });
  }

  private void watch() {
    timer = vertx.setPeriodic(Math.max(1, idleMs / 4), tick -> look());
  }

  private void look() {
    long now = System.nanoTime();
    if (waitsForClient && now - movedNanos > idleMs * 1_000_000) {
      ended.tryFail(
          new ParleyException(
              ErrorCode.DEADLINE_EXCEEDED,
              "nothing of the body moved for %d ms; nothing was changed".formatted(idleMs)));
    } else if (now - startedNanos > LONGEST.toNanos()) {
      ended.tryFail(
          new ParleyException(
              ErrorCode.DEADLINE_EXCEEDED,
              "the body took longer than %d minutes; nothing was changed"
                  .formatted(LONGEST.toMinutes())));
    }
  }

  private void stopWatching() {
    vertx.cancelTimer(timer);
  }

  private static ParleyException lost() {
    return new ParleyException(ErrorCode.CANCELLED, "the connection was lost; nothing was changed");
  }
}
