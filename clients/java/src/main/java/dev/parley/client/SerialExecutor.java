package dev.parley.client;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks one at a time and in order on another executor. Its backlog is bounded by its one
 * producer, the socket, which reads no further frame until {@link #whenRoom} lets it.
 */
final class SerialExecutor implements Executor {
  private static final System.Logger LOG = System.getLogger("dev.parley.client");
  private static final int BATCH = 64;

  private final Executor executor;
  private final int roomBelow;
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final Queue<Runnable> waiting = new ArrayDeque<>(1);
  private boolean running;
  private @Nullable Thread resubmitting;
  private boolean ranInline;

  /**
   * Makes one.
   *
   * @param roomBelow the backlog from which {@link #whenRoom} waits
   */
  SerialExecutor(Executor executor, int roomBelow) {
    this.executor = executor;
    this.roomBelow = roomBelow;
  }

  @Override
  public void execute(Runnable task) {
    synchronized (this) {
      tasks.add(task);
      if (running) {
        return;
      }
      running = true;
    }
    executor.execute(this::drain);
  }

  /** Runs {@code next} now, or as soon as the backlog is small again. */
  void whenRoom(Runnable next) {
    synchronized (this) {
      if (tasks.size() >= roomBelow) {
        waiting.add(next);
        return;
      }
    }
    next.run();
  }

  /**
   * Runs a batch and lets the executor's other tasks have a turn before the next. An executor that
   * runs tasks on the calling thread comes back in here; the outer call then goes on, so that the
   * stack does not grow with every batch.
   */
  private void drain() {
    Thread current = Thread.currentThread();
    synchronized (this) {
      if (resubmitting == current) {
        ranInline = true;
        return;
      }
    }
    boolean again;
    do {
      if (!runBatch()) {
        return;
      }
      synchronized (this) {
        resubmitting = current;
        ranInline = false;
      }
      executor.execute(this::drain);
      synchronized (this) {
        again = ranInline && resubmitting == current;
        if (resubmitting == current) {
          resubmitting = null;
        }
      }
    } while (again);
  }

  /** Runs up to a batch of tasks; false when there are none left. */
  private boolean runBatch() {
    for (int i = 0; i < BATCH; i++) {
      Runnable task;
      Runnable resumed = null;
      synchronized (this) {
        task = tasks.poll();
        if (task == null) {
          running = false;
        }
        if (tasks.size() < roomBelow) {
          resumed = waiting.poll();
        }
      }
      if (resumed != null) {
        resumed.run();
      }
      if (task == null) {
        return false;
      }
      run(task);
    }
    return true;
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      LOG.log(System.Logger.Level.ERROR, "a listener failed", e);
    }
  }
}
