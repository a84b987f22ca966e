package dev.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@code redis-server} on a TCP port of this machine that keeps nothing on disk. */
record PlainRedis(Process process, int port) implements AutoCloseable {
  private static final int TRIES = 100;

  static PlainRedis start(Cores cores, int port) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(cores.serverPrefix());
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
            "no"));
    Process process =
        new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    for (int i = 0; i < TRIES && process.isAlive(); i++) {
      try (Socket open = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return new PlainRedis(process, open.getPort());
      } catch (IOException notYet) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
    process.destroyForcibly();
    throw new IOException("redis-server does not listen on port " + port);
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
