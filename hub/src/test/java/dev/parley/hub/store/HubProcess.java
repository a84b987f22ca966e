package dev.parley.hub.store;

import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A store in a JVM of its own, so that it can be killed as a hub is killed. */
final class HubProcess implements AutoCloseable {
  private static final Key KEY = Keyspace.platform().key("written-by-hub-process");
  private static final String READY = "ready";

  private final Process process;

  private HubProcess(Process process) {
    this.process = process;
  }

  /** Opens the store on a directory, writes the value, says so, and waits to be killed. */
  public static void main(String[] arguments) throws Exception {
    Vertx vertx = Vertx.vertx();
    StoreOptions options = StoreOptions.defaults(Path.of(arguments[0]));
    OpenStore open = Stores.open(vertx, options).await(20, TimeUnit.SECONDS);
    open.store().set(KEY, arguments[1], 0).await(20, TimeUnit.SECONDS);
    System.out.println(READY);
    while (System.in.read() >= 0) {}
  }

  /** Starts one and waits until its value is written. */
  static HubProcess start(Path data, String value, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                HubProcess.class.getName(),
                data.toString(),
                value)
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    StringBuilder said = new StringBuilder();
    try {
      BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.equals(READY)) {
          return new HubProcess(process);
        }
        said.append(line).append('\n');
      }
    } catch (IOException e) {
      process.destroyForcibly();
      throw e;
    }
    throw new AssertionError("the hub process ended before it was ready:\n" + said);
  }

  long pid() {
    return process.pid();
  }

  void kill() {
    Signals.kill(process.toHandle());
  }

  static String value(Store store) {
    return RedisExtension.await(store.get(KEY));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
