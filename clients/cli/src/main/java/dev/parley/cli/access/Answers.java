package dev.parley.cli.access;

import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Waits for the hub. */
public final class Answers {
  private Answers() {}

  /** Waits; every request of the SDK has a deadline of its own. */
  public static <T> T await(CompletableFuture<T> answer) throws InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ParleyException refusal ? refusal : new CompletionException(e);
    }
  }
}
