package dev.parley.hub.plugin;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that tenants share fairly: whose turn it is goes round the tenants that have work,
 * and while there is more than one thread no tenant has all of them. What waits is bounded for each
 * tenant, so that one which asks for more than it gets is refused and the others are not.
 */
final class FairWorkers {
  /** Room for {@link BoundedMachine#MAX_DEPTH} calls before the compiler has warmed up. */
  private static final long STACK_BYTES = 8 << 20;

  private static final long RETRY_AFTER_MS = 250;

  private static final class Queue {
    final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    int running;
  }

  private final int maxRunning;
  private final int maxWaiting;
  private final int threads;
  private final Map<TenantId, Queue> tenants = new LinkedHashMap<>();
  private final List<Thread> started = new ArrayList<>();
  private int running;
  private int waiting;
  private boolean closed;

  /**
   * Starts no thread before there is work.
   *
   * @param maxWaiting pieces of work of one tenant that wait
   */
  FairWorkers(int threads, int maxWaiting) {
    this.threads = threads;
    this.maxRunning = Math.max(1, threads - 1);
    this.maxWaiting = maxWaiting;
  }

  /**
   * Runs work when it is the tenant's turn; the future completes on the thread that has run it.
   * Fails with what the work throws, {@code rate_limited} when too much of the tenant waits, and
   * {@code unavailable} when the hub is stopping.
   */
  <T> Future<T> run(TenantId tenant, Callable<T> work) {
    Promise<T> answer = Promise.promise();
    Runnable piece = () -> carryOut(work, answer);
    synchronized (this) {
      if (closed) {
        return Future.failedFuture(stopping());
      }
      Queue queue = tenants.computeIfAbsent(tenant, any -> new Queue());
      if (queue.waiting.size() >= maxWaiting) {
        return Future.failedFuture(tooMany(tenant));
      }
      queue.waiting.add(piece);
      waiting++;
      if (started.size() < threads && started.size() < running + waiting) {
        start();
      }
      notify();
    }
    return answer.future();
  }

  synchronized int running() {
    return running;
  }

  synchronized int waiting() {
    return waiting;
  }

  /** Takes no more work; what waits fails when a thread comes to it, what runs ends by itself. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  private void start() {
    Thread thread = new Thread(null, this::work, "parley-plugin-" + started.size(), STACK_BYTES);
    thread.setDaemon(true);
    started.add(thread);
    thread.start();
  }

  private void work() {
    while (true) {
      Map.Entry<TenantId, Runnable> next = take();
      if (next == null) {
        return;
      }
      try {
        next.getValue().run();
      } finally {
        done(next.getKey());
      }
    }
  }

  private synchronized Map.@Nullable Entry<TenantId, Runnable> take() {
    while (true) {
      Map.Entry<TenantId, Runnable> next = next();
      if (next != null) {
        return next;
      }
      if (closed && waiting == 0) {
        return null;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        return null;
      }
    }
  }

  /** The oldest work of the first tenant that may run more, which then goes to the end. */
  private Map.@Nullable Entry<TenantId, Runnable> next() {
    Iterator<Map.Entry<TenantId, Queue>> all = tenants.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<TenantId, Queue> one = all.next();
      Queue queue = one.getValue();
      if (!queue.waiting.isEmpty() && queue.running < maxRunning) {
        Runnable work = queue.waiting.remove();
        all.remove();
        tenants.put(one.getKey(), queue);
        queue.running++;
        running++;
        waiting--;
        return Map.entry(one.getKey(), work);
      }
    }
    return null;
  }

  private synchronized void done(TenantId tenant) {
    Queue queue = tenants.get(tenant);
    if (queue != null) {
      queue.running--;
      if (queue.running == 0 && queue.waiting.isEmpty()) {
        tenants.remove(tenant);
      }
    }
    running--;
    notifyAll();
  }

  private <T> void carryOut(Callable<T> work, Promise<T> answer) {
    boolean over;
    synchronized (this) {
      over = closed;
    }
    try {
      if (over) {
        throw stopping();
      }
      answer.complete(work.call());
    } catch (Exception | StackOverflowError | OutOfMemoryError e) {
      answer.tryFail(e);
    }
  }

  private ParleyException tooMany(TenantId tenant) {
    return new ParleyException(
            ErrorCode.RATE_LIMITED,
            "%d calls of plugins wait for tenant %s already; try again"
                .formatted(maxWaiting, tenant))
        .with("limit", "plugin_waiting")
        .with("max", maxWaiting)
        .retryAfter(RETRY_AFTER_MS);
  }

  private static ParleyException stopping() {
    return new ParleyException(ErrorCode.UNAVAILABLE, "the hub is stopping; try again in a moment")
        .retryAfter(2_000);
  }
}
