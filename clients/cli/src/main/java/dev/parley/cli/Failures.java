package dev.parley.cli;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Waits for the hub, and says in one line what it refused. */
final class Failures {
  private Failures() {}

  /** Waits; every request of the SDK has a deadline of its own. */
  static <T> T await(CompletableFuture<T> answer) throws InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ParleyException refusal ? refusal : new CompletionException(e);
    }
  }

  static String line(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (!(cause instanceof ParleyException refusal)) {
      return cause instanceof IOException
          ? "cannot use the file " + cause.getMessage()
          : cause.toString();
    }
    StringBuilder line = new StringBuilder(refusal.text());
    refusal
        .details()
        .forEach(
            (name, value) -> {
              if (!name.equals(ParleyException.DETAIL_CODE)) {
                line.append(" · ").append(name).append(' ').append(value);
              }
            });
    if (refusal.retryAfterMs() > 0) {
      line.append(" · try again in ").append(refusal.retryAfterMs()).append(" ms");
    }
    return line.append(" (").append(nameOf(refusal.code())).append(')').toString();
  }

  private static String nameOf(ErrorCode code) {
    return code.wireName();
  }
}
