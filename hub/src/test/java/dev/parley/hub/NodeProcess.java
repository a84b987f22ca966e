package dev.parley.hub;

import static org.awaitility.Awaitility.await;

import dev.parley.hub.settings.Settings;
import dev.parley.hub.store.Signals;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A hub in a JVM of its own: a node that can be killed as a machine fails. */
public final class NodeProcess implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(2);

  private final Process process;
  private final Path directory;

  private NodeProcess(Process process, Path directory) {
    this.process = process;
    this.directory = directory;
  }

  /** Starts one; call {@link #port} to wait until it listens. */
  public static NodeProcess start(
      Path directory, Map<String, String> options, String... jvmOptions) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m"));
    command.addAll(List.of(jvmOptions));
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            NodeProcess.class.getName(),
            directory.resolve("port").toString()));
    Map<String, String> all = new LinkedHashMap<>(options);
    all.put("port", "0");
    all.putIfAbsent("data", directory.resolve("data").toString());
    all.forEach((name, value) -> command.add(name + "=" + value));
    try {
      Files.createDirectories(directory);
      return new NodeProcess(
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("log").toFile())
              .start(),
          directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The hub. */
  public static void main(String[] arguments) throws Exception {
    Map<String, String> options = new LinkedHashMap<>();
    for (String argument : List.of(arguments).subList(1, arguments.length)) {
      int equals = argument.indexOf('=');
      options.put(argument.substring(0, equals), argument.substring(equals + 1));
    }
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
    Hub hub =
        Hub.start(vertx, Settings.of(options, Map.of()), Map.of())
            .onFailure(
                refused -> {
                  System.out.println("refused: " + refused.getMessage());
                  System.exit(1);
                })
            .await(START.toSeconds(), TimeUnit.SECONDS);
    Path port = Path.of(arguments[0]);
    Path written = Files.writeString(Path.of(port + ".new"), Integer.toString(hub.port()));
    Files.move(written, port, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Its port, once it listens. */
  public int port() {
    Path file = directory.resolve("port");
    await().atMost(START).until(() -> Files.exists(file) || !process.isAlive());
    try {
      return Integer.parseInt(Files.readString(file));
    } catch (IOException e) {
      throw new AssertionError("the node did not start:\n" + log(), e);
    }
  }

  /** What it has said when it has ended by itself. */
  public String end() {
    await().atMost(START).until(() -> !process.isAlive());
    return log();
  }

  public String log() {
    try {
      return Files.readString(directory.resolve("log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A socket after its handshake as a person. */
  public Peer connect(WebSocketClient sockets, String key) {
    Peer peer = open(sockets);
    peer.hello(key);
    return peer;
  }

  /** A socket after its handshake as the agent. */
  public Peer connectAgent(WebSocketClient sockets, String key, String agent) {
    Peer peer = open(sockets);
    peer.hello(Peer.connectParams(key).put("role", "agent").put("agent", agent));
    return peer;
  }

  /** A socket before its handshake. */
  public Peer open(WebSocketClient sockets) {
    ClientWebSocket socket = sockets.webSocket();
    Peer peer = new Peer(socket);
    HubExtension.await(
        socket.connect(
            new WebSocketConnectOptions().setHost("127.0.0.1").setPort(port()).setURI("/ws")));
    return peer;
  }

  /** Stops it where it is, {@code SIGSTOP}, or lets it go on, {@code SIGCONT}. */
  public void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
          .inheritIO()
          .start()
          .onExit()
          .join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code kill -9}. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** {@code SIGSTOP}: the process stands still until {@link #resume}. */
  public void pause() {
    Signals.pause(process.toHandle());
  }

  public void resume() {
    Signals.resume(process.toHandle());
  }

  @Override
  public void close() {
    kill();
  }
}
