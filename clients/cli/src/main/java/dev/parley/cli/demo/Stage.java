package dev.parley.cli.demo;

import dev.parley.cli.shell.Endings;
import dev.parley.client.ParleyClient;
import dev.parley.client.ParleyRest;
import dev.parley.hub.Hub;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Everything the demo starts: a hub in a directory of its own, sockets, a process. All of it ends
 * with the stage, also when the demo is interrupted.
 */
final class Stage implements AutoCloseable {
  private static final long SECONDS = 20;

  private final Endings endings = new Endings();
  private String url = "";

  /** Starts the hub; answers where its Redis is. */
  String startHub() {
    Path data = temporaryDirectory();
    endings.add(() -> delete(data));
    Vertx vertx = Vertx.vertx();
    endings.add(() -> await(vertx.close()));
    Settings settings =
        Settings.of(
            Map.of("port", "0", "data", data.toString(), "offline-pacing-ms", "5"), Map.of());
    Hub hub = await(Hub.start(vertx, settings, Map.of()));
    endings.add(() -> await(hub.close()));
    url = "http://127.0.0.1:" + hub.port();
    return hub.storeLocation();
  }

  String url() {
    return url;
  }

  ParleyRest rest() {
    return ParleyRest.of(url);
  }

  /** A live WebSocket client. */
  ParleyClient connect(String key) {
    ParleyClient client = await(ParleyClient.builder().url(url).key(key).connect());
    endings.add(client);
    return client;
  }

  /** Starts {@code parley connect} as a process of its own and waits until it is an agent. */
  void startProcess(String key, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("dev.parley.cli.ParleyCommand");
    command.addAll(List.of("connect", "--url", url));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("PARLEY_KEY", key);
    try {
      Process process = builder.start();
      endings.add(() -> end(process));
      await(connected(process));
    } catch (IOException e) {
      throw failed("the process cannot be started: " + e.getMessage());
    }
  }

  private CompletableFuture<Void> connected(Process process) {
    CompletableFuture<Void> connected = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              String last = "it said nothing";
              try (BufferedReader lines =
                  new BufferedReader(
                      new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                  last = line;
                  if (line.contains("connected as ")) {
                    connected.complete(null);
                  }
                }
              } catch (IOException ended) {
                last = ended.getMessage();
              }
              connected.completeExceptionally(failed("the process did not connect: " + last));
            },
            "parley-demo-process");
    reader.setDaemon(true);
    reader.start();
    return connected;
  }

  /** Waits, but not for ever. */
  static <T> T await(CompletableFuture<T> promise) {
    try {
      return promise.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ParleyException known
          ? known
          : failed(String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      throw failed("no answer within " + SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("interrupted");
    }
  }

  private static <T> T await(Future<T> future) {
    return await(future.toCompletionStage().toCompletableFuture());
  }

  static ParleyException failed(String why) {
    return new ParleyException(ErrorCode.INTERNAL, why);
  }

  @Override
  public void close() {
    endings.close();
  }

  private static void end(Process process) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static Path temporaryDirectory() {
    try {
      return Files.createTempDirectory("parley-demo");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
