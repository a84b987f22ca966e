package dev.parley.cli.connect;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Starts and ends the processes of a program. */
final class Children {
  private static final long GRACE_SECONDS = 3;

  private final List<String> command;
  private final Map<String, String> environment;

  /**
   * Names a program.
   *
   * @param command program and arguments
   * @param environment of this process; the program gets it without the API key
   */
  Children(List<String> command, Map<String, String> environment) {
    this.command = List.copyOf(command);
    this.environment = environment;
  }

  /**
   * Starts the program once more; its standard error is this process's.
   *
   * @throws ParleyException {@code invalid_request} when there is no such program
   */
  Process start(Map<String, String> additional) {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.environment().remove("PARLEY_KEY");
    builder.environment().putAll(additional);
    try {
      return builder.start();
    } catch (IOException e) {
      throw new ParleyException(
              ErrorCode.INVALID_REQUEST,
              "the program %s cannot be started: %s".formatted(command.get(0), e.getMessage()),
              e)
          .with("field", "exec");
    }
  }

  /** Asks a process and those it started to end, and makes them after a moment. */
  static void end(Process process) {
    List<ProcessHandle> all = process.descendants().toList();
    process.destroy();
    all.forEach(ProcessHandle::destroy);
    try {
      if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    all.forEach(ProcessHandle::destroyForcibly);
  }
}
