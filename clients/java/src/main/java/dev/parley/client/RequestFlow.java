package dev.parley.client;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a connection on their way: queued, sent while there is a socket with room, timed,
 * answered. Its state is guarded by its lock; no request is settled while the lock is held.
 */
final class RequestFlow {
  private static final Set<ErrorCode> PASSING =
      Set.of(ErrorCode.UNAVAILABLE, ErrorCode.AGENT_OFFLINE);
  private static final int MAX_REPEATS = 10;
  private static final long MAX_REST_MS = 1_000;

  private final int maxInFlight;
  private final RequestTable table;
  private final ScheduledExecutorService timers;
  private final Set<PendingRequest> resting = new HashSet<>();
  private boolean paused;
  private @Nullable Socket socket;
  private @Nullable Policy policy;
  private @Nullable ParleyException endReason;

  RequestFlow(ClientOptions options, ScheduledExecutorService timers) {
    this.maxInFlight = options.maxInFlight();
    this.table =
        new RequestTable(
            options.maxQueued(), options.maxQueuedChars(), /* resumes= */ options.agent() == null);
    this.timers = timers;
  }

  /** Sends a request now or as soon as there is a socket and room. */
  void add(PendingRequest request, long timeoutMs) {
    ParleyException refused = enqueue(request);
    if (refused != null) {
      request.fail(refused);
      return;
    }
    request.endAt(
        timers.schedule(() -> onTimeout(request, timeoutMs), timeoutMs, TimeUnit.MILLISECONDS));
    flush();
  }

  /**
   * Takes back a request that nobody waits for.
   *
   * @return whether the hub has got it and not answered yet
   */
  boolean forget(PendingRequest request) {
    boolean underWay;
    synchronized (this) {
      underWay = table.forget(request);
    }
    request.fail(new CancellationException("nobody waits for this request"));
    return underWay;
  }

  /** The request that was sent with this id and waits for its answer, or null. */
  synchronized @Nullable PendingRequest sent(String id) {
    return table.sent(id);
  }

  void answered(Frame.Response response) {
    PendingRequest request;
    synchronized (this) {
      request = table.answered(response.id());
    }
    if (request == null) {
      return;
    }
    if (response.ok()) {
      request.complete(response.payload());
    } else {
      ParleyException failure = FrameCodec.toException(response.error());
      if (!rest(request, failure)) {
        request.refuse(failure);
      }
    }
    flush();
  }

  /** Keeps a request to send it again, when the hub says that this helps and it does no harm. */
  private synchronized boolean rest(PendingRequest request, ParleyException failure) {
    if (endReason != null
        || !request.repeatable()
        || request.forgotten()
        || !PASSING.contains(failure.code())
        || failure.retryAfterMs() <= 0
        || request.repeats() >= MAX_REPEATS) {
      return false;
    }
    request.repeat();
    resting.add(request);
    long after = Math.min(MAX_REST_MS, failure.retryAfterMs());
    long jittered = after / 2 + ThreadLocalRandom.current().nextLong(after / 2 + 1);
    timers.schedule(() -> rested(request), jittered, TimeUnit.MILLISECONDS);
    return true;
  }

  private void rested(PendingRequest request) {
    synchronized (this) {
      if (!resting.remove(request) || request.answer().isDone()) {
        return;
      }
    }
    ParleyException refused = enqueue(request);
    if (refused != null) {
      request.fail(refused);
    }
    flush();
  }

  /**
   * The hub goes: what it has is answered by it, the rest waits for the next socket, all but what
   * is about requests that the hub has.
   */
  synchronized void pause() {
    paused = true;
  }

  /** The hub let a socket in: from now on requests go there. */
  void opened(Socket by, Policy told) {
    synchronized (this) {
      socket = by;
      paused = false;
      policy = told;
    }
    flush();
  }

  /**
   * The socket is gone. What may be sent again waits for the next one.
   *
   * @return the others; the caller fails them
   */
  synchronized List<PendingRequest> lost() {
    socket = null;
    return table.lost();
  }

  /**
   * There will be no further socket.
   *
   * @return all requests; the caller fails them
   */
  synchronized List<PendingRequest> end(ParleyException why) {
    socket = null;
    endReason = why;
    List<PendingRequest> all = new ArrayList<>(resting);
    resting.clear();
    all.addAll(table.removeAll());
    return all;
  }

  /** Sends requests while there are any and there is room for them. */
  synchronized void flush() {
    while (socket != null && policy != null && socket.hasRoom()) {
      PendingRequest next = table.next(Math.min(maxInFlight, policy.maxInFlight()), paused);
      if (next == null) {
        return;
      }
      var unused = socket.send(next.frame());
    }
  }

  private synchronized @Nullable ParleyException enqueue(PendingRequest request) {
    if (endReason != null) {
      return endReason;
    }
    try {
      long size = Utf8.length(request.frame());
      if (policy != null && size > policy.maxPayload()) {
        return Failures.tooLarge(size, policy.maxPayload());
      }
      table.add(request);
      return null;
    } catch (ParleyException unsendable) {
      return unsendable;
    }
  }

  private void onTimeout(PendingRequest request, long timeoutMs) {
    synchronized (this) {
      table.forget(request);
    }
    request.fail(Failures.timedOut(request.method(), timeoutMs));
  }
}
