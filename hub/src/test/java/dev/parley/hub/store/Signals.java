package dev.parley.hub.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Sends signals to the {@code redis-server} of a data directory. */
public final class Signals {
  private Signals() {}

  /** The server that the hub on this data directory started. */
  public static ProcessHandle server(Path data) {
    try {
      String pid = Files.readString(Stores.serverDirectory(data).resolve("redis.pid")).trim();
      return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static void kill(ProcessHandle process) {
    process.destroyForcibly();
    Eventually.holds("the end of " + process.pid(), () -> !process.isAlive());
  }

  public static void pause(ProcessHandle process) {
    send("STOP", process);
  }

  public static void resume(ProcessHandle process) {
    send("CONT", process);
  }

  private static void send(String signal, ProcessHandle process) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
              .inheritIO()
              .start()
              .waitFor();
      if (code != 0) {
        throw new AssertionError("kill -" + signal + " ended with " + code);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
