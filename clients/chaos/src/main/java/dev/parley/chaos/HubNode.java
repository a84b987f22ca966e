package dev.parley.chaos;

import dev.parley.cli.ParleyCommand;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code parley serve --cluster} in a process of its own, on ports that stay the same. */
final class HubNode implements AutoCloseable {
  private static final String READY = "listening on ";
  private static final long START_SECONDS = 90;
  private static final long STOP_SECONDS = 60;

  private final String name;
  private final int port;
  private final Path log;
  private final List<String> command;
  private final Map<String, String> environment;
  private @Nullable Process process;
  private int lives;

  /**
   * What the process of a node runs in.
   *
   * @param launcher begins its command; may be empty
   * @param environment is added to that of the run
   * @param overlay classes and resources that stand before the hub's own; null for none
   */
  record Surroundings(
      List<String> launcher, Map<String, String> environment, @Nullable Path overlay) {}

  /**
   * A node that is not started.
   *
   * @param options of {@code parley serve} beside the port
   */
  HubNode(String name, int port, Path directory, Surroundings surroundings, List<String> options) {
    this.name = name;
    this.port = port;
    this.log = directory.resolve(name + ".log");
    this.environment = surroundings.environment;
    String classes = System.getProperty("java.class.path");
    this.command = new ArrayList<>(surroundings.launcher);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx320m",
            "-cp",
            surroundings.overlay == null
                ? classes
                : surroundings.overlay + File.pathSeparator + classes,
            ParleyCommand.class.getName(),
            "serve",
            "--port",
            Integer.toString(port)));
    command.addAll(options);
  }

  String name() {
    return name;
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  /** Starts the process and returns at once. */
  synchronized void launch() throws IOException {
    lives++;
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().keySet().removeIf(variable -> variable.startsWith("PARLEY_"));
    builder.environment().putAll(environment);
    process = builder.start();
  }

  /** Waits until it listens. */
  void awaitReady() throws IOException, InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (saidReady() < lives) {
      if (!process().isAlive()) {
        throw new IOException("%s ended instead of starting; see %s".formatted(name, log));
      }
      if (System.nanoTime() > until) {
        throw new IOException(
            "%s does not listen after %d s; see %s".formatted(name, START_SECONDS, log));
      }
      Thread.sleep(100);
    }
  }

  private long saidReady() throws IOException {
    if (!Files.exists(log)) {
      return 0;
    }
    try (var lines = Files.lines(log)) {
      return lines.filter(line -> line.startsWith(READY)).count();
    }
  }

  private synchronized Process process() {
    if (process == null) {
      throw new IllegalStateException(name + " was not started");
    }
    return process;
  }

  void kill() throws InterruptedException {
    process().destroyForcibly().waitFor();
  }

  /** {@code SIGTERM}; answers whether it ended by itself in time. */
  boolean terminate() throws InterruptedException {
    process().destroy();
    boolean ended = process().waitFor(STOP_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      kill();
    }
    return ended;
  }

  void signal(String signal) throws IOException, InterruptedException {
    int status =
        new ProcessBuilder("kill", "-" + signal, Long.toString(process().pid()))
            .inheritIO()
            .start()
            .waitFor();
    if (status != 0) {
      throw new IOException("kill -%s %s failed".formatted(signal, name));
    }
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly();
    }
  }
}
