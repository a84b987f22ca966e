package dev.parley.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a connection: those that wait to be sent, oldest first, and those that the hub
 * has not answered. A forgotten one stays among the latter, for the hub still counts it. When a
 * socket is lost, what may be sent again goes back to the front of the queue in its old order,
 * streams as requests to go on; the rest has failed. Urgent requests wait in a queue of their own,
 * and one of the places at the hub is for them alone. Guarded by the lock of its {@link
 * RequestFlow}.
 */
final class RequestTable {
  private final int maxQueued;
  private final long maxQueuedChars;
  private final boolean resumes;
  private final Deque<PendingRequest> queued = new ArrayDeque<>();
  private final Deque<PendingRequest> urgent = new ArrayDeque<>(0);
  private final Map<String, PendingRequest> sent = new LinkedHashMap<>();
  private long queuedChars;

  /**
   * Makes one.
   *
   * @param resumes whether streams outlive their socket
   */
  RequestTable(int maxQueued, long maxQueuedChars, boolean resumes) {
    this.resumes = resumes;
    this.maxQueued = maxQueued;
    this.maxQueuedChars = maxQueuedChars;
  }

  /**
   * Queues a request.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code rate_limited} when the queue is full
   */
  void add(PendingRequest request) {
    Deque<PendingRequest> queue = request.urgent() ? urgent : queued;
    if (queue.size() >= maxQueued) {
      throw Failures.queueFull("requests", maxQueued);
    }
    if (request.urgent()) {
      urgent.add(request);
      return;
    }
    int size = request.frame().length();
    if (!queued.isEmpty() && queuedChars + size > maxQueuedChars) {
      throw Failures.queueFull("outgoing_characters", maxQueuedChars);
    }
    queued.add(request);
    queuedChars += size;
  }

  /**
   * The next request to send, which now waits for its answer; null when there is none.
   *
   * @param paused only urgent ones go
   */
  @Nullable PendingRequest next(int maxInFlight, boolean paused) {
    PendingRequest request;
    if (!urgent.isEmpty() && sent.size() < maxInFlight) {
      request = urgent.remove();
    } else if (!paused && !queued.isEmpty() && sent.size() < Math.max(1, maxInFlight - 1)) {
      request = queued.remove();
      queuedChars -= request.frame().length();
      request.refresh();
    } else {
      return null;
    }
    sent.put(request.id(), request);
    return request;
  }

  /** The request with this id that waits for its answer, or null. */
  @Nullable PendingRequest sent(String id) {
    PendingRequest request = sent.get(id);
    return request == null || request.forgotten() ? null : request;
  }

  /** Takes out a request that was answered. */
  @Nullable PendingRequest answered(String id) {
    return sent.remove(id);
  }

  /**
   * Nobody waits for this request any more.
   *
   * @return whether the hub has got it and not answered yet
   */
  boolean forget(PendingRequest request) {
    if (sent.containsKey(request.id())) {
      return !request.forget();
    }
    if (!urgent.remove(request) && queued.remove(request)) {
      queuedChars -= request.frame().length();
    }
    return false;
  }

  /** The socket is gone: queues again what may be repeated, and takes out the rest. */
  List<PendingRequest> lost() {
    List<PendingRequest> failed = new ArrayList<>();
    List<PendingRequest> waiting = new ArrayList<>(sent.values());
    for (int i = waiting.size() - 1; i >= 0; i--) {
      PendingRequest request = waiting.get(i);
      if (!request.forgotten() && (request.repeatable() || (resumes && request.resume()))) {
        queued.addFirst(request);
        queuedChars += request.frame().length();
      } else {
        failed.add(request);
      }
    }
    sent.clear();
    failed.addAll(urgent);
    urgent.clear();
    return failed;
  }

  List<PendingRequest> removeAll() {
    List<PendingRequest> all = new ArrayList<>(sent.values());
    all.addAll(urgent);
    all.addAll(queued);
    sent.clear();
    urgent.clear();
    queued.clear();
    queuedChars = 0;
    return all;
  }
}
