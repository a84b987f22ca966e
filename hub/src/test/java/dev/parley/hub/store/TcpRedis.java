package dev.parley.hub.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** A {@code redis-server} on a free TCP port of this machine: one that is not the hub's own. */
public final class TcpRedis implements AutoCloseable {
  private static final int LOWEST_PORT = 10_000;
  private static final int HIGHEST_PORT = 32_000;

  private final Process process;
  private final int port;

  private TcpRedis(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  public static TcpRedis start(Path directory, String... options) throws IOException {
    int port = freePort();
    List<String> command = new ArrayList<>(List.of("redis-server"));
    command.addAll(List.of("--port", Integer.toString(port)));
    command.addAll(List.of("--bind", "127.0.0.1", "--save", "", "--dir", directory.toString()));
    command.addAll(List.of(options));
    return await(command, directory, port);
  }

  /** One that replicates another. */
  static TcpRedis startReplica(Path directory, TcpRedis master, String... options)
      throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--replicaof",
                "127.0.0.1 " + master.port,
                "--repl-diskless-sync-delay",
                "0",
                "--appendonly",
                "no"));
    all.addAll(List.of(options));
    return start(directory, all.toArray(String[]::new));
  }

  /** A sentinel that alone decides, with more lines of configuration. */
  static TcpRedis startSentinel(Path directory, int master, String... lines) throws IOException {
    int port = freePort();
    Path configuration = directory.resolve("sentinel.conf");
    Files.writeString(
        configuration,
        """
        port %d
        bind 127.0.0.1
        dir "%s"
        sentinel monitor mymaster 127.0.0.1 %d 1
        sentinel down-after-milliseconds mymaster 1000
        """
                .formatted(port, directory, master)
            + String.join("\n", lines)
            + "\n");
    return await(List.of("redis-server", configuration.toString(), "--sentinel"), directory, port);
  }

  private static TcpRedis await(List<String> command, Path directory, int port) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log-" + port).toFile())
            .start();
    TcpRedis redis = new TcpRedis(process, port);
    Eventually.holds(
        "an answer of " + command,
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError(Files.readString(directory.resolve("log-" + port)));
          }
          try {
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return true;
          } catch (IOException e) {
            return false;
          }
        });
    return redis;
  }

  /** A port that nobody uses, below those that the system gives to outgoing connections. */
  public static int freePort() throws IOException {
    while (true) {
      int candidate = ThreadLocalRandom.current().nextInt(LOWEST_PORT, HIGHEST_PORT);
      try (ServerSocket probe = new ServerSocket(candidate)) {
        return probe.getLocalPort();
      } catch (BindException taken) {
        Thread.onSpinWait();
      }
    }
  }

  int port() {
    return port;
  }

  public String address() {
    return "127.0.0.1:" + port;
  }

  /** The beginning of the reply to an inline command, as RESP text. */
  String ask(String command) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
      InputStream in = socket.getInputStream();
      byte[] answer = new byte[65_536];
      return new String(answer, 0, in.read(answer), StandardCharsets.UTF_8);
    }
  }

  void pause() {
    Signals.pause(process.toHandle());
  }

  void resume() {
    Signals.resume(process.toHandle());
  }

  void kill() {
    Signals.kill(process.toHandle());
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
