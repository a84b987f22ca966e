package dev.parley.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A server in a JVM of its own, on the servers' core, with the flags of {@code parley serve}: none.
 * It says {@code listening on …:port} when it is ready.
 */
final class ServerProcess implements AutoCloseable {
  private static final long STOP_SECONDS = 30;
  private static final String READY = "listening on ";

  private final Process process;
  private final int port;

  private ServerProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static ServerProcess start(Cores cores, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(cores.serverPrefix());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_"));
    Process process = builder.start();
    BufferedReader output = process.inputReader();
    String line = output.readLine();
    while (line != null && !line.startsWith(READY)) {
      line = output.readLine();
    }
    if (line == null) {
      process.destroyForcibly();
      throw new IOException(main.getSimpleName() + " ended before it listened");
    }
    drain(output);
    return new ServerProcess(process, Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)));
  }

  private static void drain(BufferedReader output) {
    Thread drain =
        new Thread(
            () -> {
              try {
                output.transferTo(Writer.nullWriter());
              } catch (IOException closed) {
                return;
              }
            },
            "bench-drain");
    drain.setDaemon(true);
    drain.start();
  }

  int port() {
    return port;
  }

  /** Processor time used so far by this process alone, in steps of 10 ms. */
  Duration cpuTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** Bytes of the Java heap in use after a full collection. */
  long liveHeapBytes() throws IOException {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(process.pid()),
                "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String last = "";
    try (BufferedReader output = jcmd.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (!line.isBlank()) {
          last = line;
        }
      }
    }
    String[] total = last.strip().split("\\s+", -1);
    if (total.length != 3 || !total[0].equals("Total")) {
      throw new IOException("jcmd did not tell the heap in use: " + last);
    }
    return Long.parseLong(total[2]);
  }

  @Override
  public void close() {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("bench: a server did not stop in time and was killed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.destroyForcibly();
      children.forEach(ProcessHandle::destroyForcibly);
    }
  }
}
