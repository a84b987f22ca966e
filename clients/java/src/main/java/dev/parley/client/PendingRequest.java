package dev.parley.client;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.FrameCodec;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A request that has not been answered. */
final class PendingRequest {
  private final String id;
  private final String method;
  private final String frame;
  private final boolean repeatable;
  private final @Nullable Consumer<RawJson> chunks;
  private final CompletableFuture<RawJson> answer = new CompletableFuture<>();
  private volatile @Nullable Future<?> timeout;
  private boolean forgotten;
  private int repeats;

  /**
   * Makes one.
   *
   * @param repeatable whether the hub recognises it when it is sent again
   * @param chunks takes the pieces of a streamed answer, or null
   */
  PendingRequest(
      String id,
      String method,
      RawJson params,
      boolean repeatable,
      @Nullable Consumer<RawJson> chunks) {
    this.id = id;
    this.method = method;
    this.frame = FrameCodec.request(id, method, params);
    this.repeatable = repeatable;
    this.chunks = chunks;
  }

  String id() {
    return id;
  }

  String method() {
    return method;
  }

  String frame() {
    return frame;
  }

  boolean repeatable() {
    return repeatable;
  }

  @Nullable Consumer<RawJson> chunks() {
    return chunks;
  }

  CompletableFuture<RawJson> answer() {
    return answer;
  }

  /** Marks it as nobody's; guarded as its table. Answers whether it was so before. */
  boolean forget() {
    boolean before = forgotten;
    forgotten = true;
    return before;
  }

  boolean forgotten() {
    return forgotten;
  }

  /** How often it was sent again after a refusal; guarded as its table. */
  int repeats() {
    return repeats;
  }

  void repeat() {
    repeats++;
  }

  void endAt(Future<?> timer) {
    timeout = timer;
    if (answer.isDone()) {
      timer.cancel(false);
    }
  }

  void complete(@Nullable RawJson payload) {
    answer.complete(payload == null ? RawJson.NULL : payload);
    cancelTimer();
  }

  void fail(Throwable failure) {
    answer.completeExceptionally(failure);
    cancelTimer();
  }

  private void cancelTimer() {
    Future<?> timer = timeout;
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
