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
  private boolean running;
  private @Nullable Runnable waiting;

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

  /** Runs {@code next} now, or as soon as the backlog is small again; only the newest waits. */
  void whenRoom(Runnable next) {
    synchronized (this) {
      if (tasks.size() >= roomBelow) {
        waiting = next;
        return;
      }
    }
    next.run();
  }

  private void drain() {
    for (int i = 0; i < BATCH; i++) {
      Runnable task;
      Runnable resumed = null;
      synchronized (this) {
        task = tasks.poll();
        if (task == null) {
          running = false;
        }
        if (waiting != null && tasks.size() < roomBelow) {
          resumed = waiting;
          waiting = null;
        }
      }
      if (resumed != null) {
        resumed.run();
      }
      if (task == null) {
        return;
      }
      run(task);
    }
    executor.execute(this::drain);
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a listener failed", e);
    }
  }
}
