package dev.parley.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a connection: those that wait to be sent, oldest first, and those that wait for
 * their answer. When a socket is lost, what may be sent again goes back to the front of the queue
 * in its old order; the rest has failed.
 */
final class RequestTable {
  private final int maxQueued;
  private final long maxQueuedChars;
  private final Deque<PendingRequest> queued = new ArrayDeque<>();
  private final Map<String, PendingRequest> sent = new LinkedHashMap<>();
  private long queuedChars;

  RequestTable(int maxQueued, long maxQueuedChars) {
    this.maxQueued = maxQueued;
    this.maxQueuedChars = maxQueuedChars;
  }

  /**
   * Queues a request.
   *
   * @throws dev.parley.protocol.error.ParleyException {@code rate_limited} when the queue is full
   */
  synchronized void add(PendingRequest request) {
    if (queued.size() >= maxQueued) {
      throw Failures.queueFull("requests", maxQueued);
    }
    int size = request.frame().length();
    if (!queued.isEmpty() && queuedChars + size > maxQueuedChars) {
      throw Failures.queueFull("outgoing_characters", maxQueuedChars);
    }
    queued.add(request);
    queuedChars += size;
  }

  /** The next request to send, which now waits for its answer; null when there is none. */
  synchronized @Nullable PendingRequest next(int maxInFlight) {
    if (queued.isEmpty() || sent.size() >= maxInFlight) {
      return null;
    }
    PendingRequest request = queued.remove();
    queuedChars -= request.frame().length();
    sent.put(request.id(), request);
    return request;
  }

  synchronized @Nullable PendingRequest sent(String id) {
    return sent.get(id);
  }

  /** Takes out a request that was answered. */
  synchronized @Nullable PendingRequest answered(String id) {
    return sent.remove(id);
  }

  /**
   * Takes out a request that nobody waits for any more.
   *
   * @return whether it had been sent
   */
  synchronized boolean forget(PendingRequest request) {
    if (sent.remove(request.id(), request)) {
      return true;
    }
    if (queued.remove(request)) {
      queuedChars -= request.frame().length();
    }
    return false;
  }

  /** The socket is gone: queues again what may be repeated, and takes out the rest. */
  synchronized List<PendingRequest> lost() {
    List<PendingRequest> failed = new ArrayList<>();
    List<PendingRequest> waiting = new ArrayList<>(sent.values());
    for (int i = waiting.size() - 1; i >= 0; i--) {
      PendingRequest request = waiting.get(i);
      if (request.repeatable()) {
        queued.addFirst(request);
        queuedChars += request.frame().length();
      } else {
        failed.add(request);
      }
    }
    sent.clear();
    return failed;
  }

  synchronized List<PendingRequest> removeAll() {
    List<PendingRequest> all = new ArrayList<>(sent.values());
    all.addAll(queued);
    sent.clear();
    queued.clear();
    queuedChars = 0;
    return all;
  }
}
