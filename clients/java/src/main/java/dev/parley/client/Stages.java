package dev.parley.client;

import dev.parley.protocol.envelope.RawJson;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Turns answers into the futures that users get. */
final class Stages {
  private Stages() {}

  /** The same outcome, after what {@code order} has been given so far. */
  static <T> CompletableFuture<T> after(CompletableFuture<T> stage, Executor order) {
    CompletableFuture<T> later = new CompletableFuture<>();
    stage.whenComplete((value, failure) -> order.execute(() -> settle(later, value, failure)));
    return later;
  }

  /**
   * The answer, read, on {@code executor}, and failed with the failure itself.
   *
   * @param onCancel runs when the user cancels the result, or ends it in another way, before there
   *     is an answer
   */
  static <T> CompletableFuture<T> result(
      CompletableFuture<RawJson> answer,
      Function<RawJson, T> reader,
      Executor executor,
      Runnable onCancel) {
    CompletableFuture<T> result = new CompletableFuture<>();
    answer.whenCompleteAsync(
        (raw, failure) -> {
          if (failure != null) {
            result.completeExceptionally(Failures.unwrap(failure));
            return;
          }
          try {
            result.complete(reader.apply(raw));
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        },
        executor);
    result.whenComplete(
        (value, failure) -> {
          if (!answer.isDone()) {
            onCancel.run();
          }
        });
    return result;
  }

  /** Gives {@code target} the outcome of {@code stage}. */
  static <T> void forward(CompletableFuture<T> stage, CompletableFuture<T> target) {
    stage.whenComplete((value, failure) -> settle(target, value, failure));
  }

  private static <T> void settle(
      CompletableFuture<T> target, T value, @Nullable Throwable failure) {
    if (failure == null) {
      target.complete(value);
    } else {
      target.completeExceptionally(Failures.unwrap(failure));
    }
  }
}
