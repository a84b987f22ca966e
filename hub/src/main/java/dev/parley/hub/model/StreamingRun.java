package dev.parley.hub.model;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The state of one run, owned by the context that started it: text, the end and the timeout are
 * delivered there and nowhere else, the end exactly once and nothing after it. {@link #on} brings
 * whatever happens on another thread to that context.
 */
final class StreamingRun implements ModelRun {
  private final Vertx vertx;
  private final Context context;
  private final Duration timeout;
  private final Consumer<String> onText;
  private final Promise<ModelReply> promise = Promise.promise();
  private final long deadlineNanos;
  private Runnable cleanUp = () -> {};
  private long timer = -1;
  private boolean ended;
  private volatile boolean cancelled;
  private volatile TokenUsage used = TokenUsage.NONE;

  private StreamingRun(Vertx vertx, Duration timeout, Consumer<String> onText) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.timeout = timeout;
    this.onText = onText;
    this.deadlineNanos = System.nanoTime() + timeout.toNanos();
  }

  /** Starts {@code work} in a turn of its own of the caller's context. */
  static StreamingRun start(
      Vertx vertx, Duration timeout, Consumer<String> onText, Consumer<StreamingRun> work) {
    StreamingRun run = new StreamingRun(vertx, timeout, onText);
    run.on(
        () -> {
          run.timer = vertx.setTimer(Math.max(1, timeout.toMillis()), id -> run.expire());
          work.accept(run);
        });
    return run;
  }

  /** Runs an action in a later turn of the context, unless the run has ended by then. */
  void on(Runnable action) {
    context.runOnContext(turn -> now(action));
  }

  /** Runs an action on the context after this delay, unless the run has ended by then. */
  void after(long delayMs, Runnable action) {
    if (delayMs <= 0) {
      on(action);
    } else {
      vertx.setTimer(delayMs, id -> now(action));
    }
  }

  /** Runs an action unless the run has ended; what it throws ends the run. On the context only. */
  void now(Runnable action) {
    if (ended) {
      return;
    }
    if (cancelled) {
      fail(cancellation());
      return;
    }
    try {
      action.run();
    } catch (ParleyException e) {
      fail(e);
    } catch (RuntimeException e) {
      fail(new ParleyException(ErrorCode.INTERNAL, "the model run broke: " + e.getClass(), e));
    }
  }

  /** What to do when the run ends in any way, on the context. Must not block. */
  void onEnd(Runnable action) {
    cleanUp = action;
  }

  /** Delivers text; on the context only. */
  void text(String piece) {
    if (!ended && !cancelled && !piece.isEmpty()) {
      onText.accept(piece);
    }
  }

  /** Milliseconds to the timeout, at least 0. */
  long remainingMs() {
    return Math.max(0, (deadlineNanos - System.nanoTime()) / 1_000_000);
  }

  void use(TokenUsage usage) {
    used = usage;
  }

  /** Completes the run; on the context only. */
  void succeed(ModelReply reply) {
    if (cancelled) {
      fail(cancellation());
    } else if (end()) {
      used = reply.usage();
      promise.complete(reply);
    }
  }

  /** Fails the run; on the context only. */
  void fail(ParleyException reason) {
    if (end()) {
      promise.fail(reason);
    }
  }

  @Override
  public Future<ModelReply> reply() {
    return promise.future();
  }

  @Override
  public void cancel() {
    cancelled = true;
    context.runOnContext(turn -> fail(cancellation()));
  }

  @Override
  public TokenUsage used() {
    return used;
  }

  private void expire() {
    fail(
        new ParleyException(
                ErrorCode.DEADLINE_EXCEEDED,
                "the model did not finish within %d ms".formatted(timeout.toMillis()))
            .with("timeoutMs", timeout.toMillis()));
  }

  private boolean end() {
    if (ended) {
      return false;
    }
    ended = true;
    vertx.cancelTimer(timer);
    cleanUp.run();
    return true;
  }

  private static ParleyException cancellation() {
    return new ParleyException(ErrorCode.CANCELLED, "the model run was cancelled");
  }
}
