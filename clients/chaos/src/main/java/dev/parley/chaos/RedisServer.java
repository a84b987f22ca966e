package dev.parley.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A {@code redis-server} of which every write is on disk before it is answered. */
final class RedisServer implements AutoCloseable {
  private static final long START_MS = 30_000;

  private final Path directory;
  private final int port;
  private final List<String> launcher;
  private @Nullable Process process;

  /**
   * One that is not started.
   *
   * @param launcher begins its command; may be empty
   */
  RedisServer(Path directory, int port, List<String> launcher) {
    this.launcher = launcher;
    this.directory = directory;
    this.port = port;
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  synchronized void start() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(
        List.of(
            "redis-server",
            "--port",
            Integer.toString(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--dir",
            directory.toString()));
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolve("redis.log").toFile()))
            .start();
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MS);
    while (!answers()) {
      if (!process.isAlive() || System.nanoTime() > until) {
        throw new IOException("redis-server does not start; see " + directory + "/redis.log");
      }
      Thread.sleep(50);
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(1_000);
      socket.getOutputStream().write("PING\r\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      return socket.getInputStream().read() == '+';
    } catch (IOException e) {
      return false;
    }
  }

  synchronized void stop(boolean kill) throws InterruptedException {
    if (process != null) {
      if (kill) {
        process.destroyForcibly();
      } else {
        process.destroy();
      }
      process.waitFor();
    }
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly();
    }
  }
}
