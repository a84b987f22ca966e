package dev.parley.hub.switchboard;

import io.vertx.core.Future;
import java.util.function.Function;

/**
 * Puts the steps of an admission together. Most of them are done when they are asked for, because
 * what they need is cached; then the next one runs at once, without the listeners and the futures
 * that {@link Future#compose} makes for each step.
 */
final class Steps {
  private Steps() {}

  /** As {@link Future#compose}. */
  static <T, R> Future<R> then(Future<T> step, Function<? super T, Future<R>> next) {
    if (!step.succeeded()) {
      return step.compose(next);
    }
    try {
      return next.apply(step.result());
    } catch (RuntimeException failure) {
      return Future.failedFuture(failure);
    }
  }
}
