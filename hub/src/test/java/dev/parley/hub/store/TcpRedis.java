package dev.parley.hub.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A {@code redis-server} on a free TCP port of this machine: one that is not the hub's own. */
public final class TcpRedis implements AutoCloseable {
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

  static TcpRedis startSentinel(Path directory, int master) throws IOException {
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
            .formatted(port, directory, master));
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

  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
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

  void kill() {
    Signals.kill(process.toHandle());
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
