package dev.parley.client;

import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.FrameCodec;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a connection on their way: queued, sent while there is a socket with room, timed,
 * answered. Its state is guarded by its lock; no request is settled while the lock is held.
 */
final class RequestFlow {
  private final int maxInFlight;
  private final RequestTable table;
  private final ScheduledExecutorService timers;
  private @Nullable Socket socket;
  private @Nullable Policy policy;
  private @Nullable ParleyException endReason;

  RequestFlow(ClientOptions options, ScheduledExecutorService timers) {
    this.maxInFlight = options.maxInFlight();
    this.table = new RequestTable(options.maxQueued(), options.maxQueuedChars());
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
      request.fail(FrameCodec.toException(response.error()));
    }
    flush();
  }

  /** The hub let a socket in: from now on requests go there. */
  void opened(Socket by, Policy told) {
    synchronized (this) {
      socket = by;
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
    return table.removeAll();
  }

  /** Sends requests while there are any and there is room for them. */
  synchronized void flush() {
    while (socket != null && policy != null && socket.hasRoom()) {
      PendingRequest next = table.next(Math.min(maxInFlight, policy.maxInFlight()));
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
