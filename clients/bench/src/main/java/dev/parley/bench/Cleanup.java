package dev.parley.bench;

import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * What has to be undone, newest first, at the end of a run or when it is interrupted. What it
 * closes must not mind being closed twice.
 */
final class Cleanup implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ConcurrentLinkedDeque<>();
  private volatile boolean interrupted;

  /** Starts; from now on Ctrl-C cleans up. */
  Cleanup() {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  interrupted = true;
                  close();
                },
                "bench-cleanup"));
  }

  <T extends AutoCloseable> T add(T resource) {
    open.addLast(resource);
    return resource;
  }

  /** Whether the process is being stopped: failures of the load are then expected. */
  boolean interrupted() {
    return interrupted;
  }

  @Override
  public synchronized void close() {
    for (AutoCloseable next = open.pollLast(); next != null; next = open.pollLast()) {
      try {
        next.close();
      } catch (Exception e) {
        System.err.println("bench: could not clean up: " + e);
      }
    }
  }
}
