package dev.parley.client;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A request that has not been answered. */
final class PendingRequest {
  private static final String RESUME = "stream.resume";

  /** What the end or the progress of other requests waits for. */
  private static final Set<String> URGENT = Set.of("agent.cancel", "stream.credit");

  private final String id;
  private final String method;
  private String frame;
  private final boolean repeatable;
  private final @Nullable StreamReading reading;
  private final CompletableFuture<RawJson> answer = new CompletableFuture<>();
  private volatile @Nullable Future<?> timeout;
  private boolean forgotten;
  private volatile boolean resumed;
  private int repeats;

  /**
   * Makes one.
   *
   * @param repeatable whether the hub recognises it when it is sent again
   * @param reading takes the pieces of a streamed answer, or null
   */
  PendingRequest(
      String id,
      String method,
      RawJson params,
      boolean repeatable,
      @Nullable StreamReading reading) {
    this.id = id;
    this.method = method;
    this.frame = FrameCodec.request(id, method, params);
    this.repeatable = repeatable;
    this.reading = reading;
  }

  String id() {
    return id;
  }

  String method() {
    return method;
  }

  /** What to send; guarded as its table. */
  String frame() {
    return frame;
  }

  /**
   * Its socket was lost: a stream goes on with another frame under the same id. Guarded as its
   * table; false for any other request.
   */
  boolean resume() {
    if (reading == null) {
      return false;
    }
    resumed = true;
    frame = FrameCodec.request(id, RESUME, reading.resumeParams());
    return true;
  }

  /**
   * It goes out now. What its reader has handled since the socket was lost may have been confirmed
   * by credit that went before it. Guarded as its table.
   */
  void refresh() {
    if (resumed) {
      resume();
    }
  }

  /**
   * Whether it goes past the others, also to a hub that is about to go: it is about what that has.
   */
  boolean urgent() {
    return URGENT.contains(method);
  }

  boolean repeatable() {
    return repeatable;
  }

  @Nullable StreamReading reading() {
    return reading;
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

  /** The hub refused: it may know nothing of a stream that it was to go on with. */
  void refuse(ParleyException failure) {
    fail(resumed && failure.code() == ErrorCode.NOT_FOUND ? Failures.lost(method) : failure);
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
