package dev.parley.hub.store;

import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/** Who asked: what it waits for happens on the context that it asked from. */
public record Caller(@Nullable Context context) {

  public static Caller current() {
    return new Caller(Vertx.currentContext());
  }

  void run(Runnable action) {
    if (context == null || context == Vertx.currentContext()) {
      action.run();
    } else {
      context.runOnContext(v -> action.run());
    }
  }

  /** Completes a promise on the caller's context. */
  public <T extends @Nullable Object> void complete(Promise<T> promise, AsyncResult<T> result) {
    run(
        () -> {
          if (result.succeeded()) {
            promise.tryComplete(result.result());
          } else {
            promise.tryFail(result.cause());
          }
        });
  }

  /** The same result, on the caller's context. */
  <T extends @Nullable Object> Future<T> get(Future<T> elsewhere) {
    Promise<T> promise = Promise.promise();
    elsewhere.onComplete(result -> complete(promise, result));
    return promise.future();
  }
}
