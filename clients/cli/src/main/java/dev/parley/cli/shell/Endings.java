package dev.parley.cli.shell;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What a command has started: all of it ends with the command, in the opposite order, also when a
 * signal ends the process, which unwinds no stack.
 */
public final class Endings implements AutoCloseable {
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final Thread hook = new Thread(this::endAll, "parley-stop");

  public Endings() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Ends this too. */
  public <T extends AutoCloseable> T add(T what) {
    synchronized (started) {
      started.push(what);
    }
    return what;
  }

  @Override
  public void close() {
    endAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The process is ending; the hook finds nothing left to end.
    }
  }

  private synchronized void endAll() {
    for (AutoCloseable each = next(); each != null; each = next()) {
      try {
        each.close();
      } catch (Exception e) {
        System.err.println("parley: could not end cleanly: " + e);
      }
    }
  }

  private @Nullable AutoCloseable next() {
    synchronized (started) {
      return started.poll();
    }
  }
}
