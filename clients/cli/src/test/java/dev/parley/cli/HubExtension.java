package dev.parley.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.cli.shell.Shell;
import dev.parley.hub.Hub;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A real hub for the tests of a class, and users of the command line at it. */
public final class HubExtension implements BeforeAllCallback, AfterAllCallback {
  private static final long START_SECONDS = 90;
  private static final AtomicInteger TENANTS = new AtomicInteger();

  private final Map<String, String> settings = new HashMap<>(Map.of("offline-pacing-ms", "0"));
  private Path data;
  private Vertx vertx;
  private Hub hub;

  /** What a command came to. */
  public record Ran(int exit, String out, String err) {
    public JsonNode json() {
      assertEquals(0, exit, err);
      return Json.parse("output", out);
    }
  }

  public HubExtension with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    data = Files.createTempDirectory("parley-cli");
    settings.put("port", "0");
    settings.put("data", data.toString());
    vertx = Vertx.vertx();
    hub = await(Hub.start(vertx, Settings.of(settings, Map.of()), Map.of()));
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    await(hub.close());
    await(vertx.close());
    delete(data);
  }

  /** The file with the platform's first key. */
  public Path adminKeyFile() {
    return hub.adminKeyFile();
  }

  public String url() {
    return "http://127.0.0.1:" + hub.port();
  }

  /** The platform's first key. */
  public String adminKey() throws IOException {
    return Files.readString(data.resolve("admin.key")).strip();
  }

  /** Somebody without a profile, whose files are kept in this directory. */
  public User user(Path config) {
    return new User(config);
  }

  /** Somebody at a terminal of this hub. */
  public final class User {
    private final Map<String, String> environment = new HashMap<>();

    private User(Path config) {
      environment.put("XDG_CONFIG_HOME", config.toString());
      environment.put("PARLEY_URL", url());
    }

    public Map<String, String> environment() {
      return environment;
    }

    public String signUp() {
      String name = newName();
      Ran ran = run("signup", name);
      assertEquals(0, ran.exit, ran.err);
      return name;
    }

    public Ran run(String... arguments) {
      return run(Shell.Terminal.NONE, "", arguments);
    }

    public Ran runWithInput(String input, String... arguments) {
      return run(Shell.Terminal.NONE, input, arguments);
    }

    public Ran run(Shell.Terminal terminal, String input, String... arguments) {
      StringWriter out = new StringWriter();
      StringWriter err = new StringWriter();
      int exit = run(terminal, input, new PrintWriter(out), new PrintWriter(err), arguments);
      return new Ran(exit, out.toString(), err.toString());
    }

    public int run(
        Shell.Terminal terminal,
        String input,
        PrintWriter out,
        PrintWriter err,
        String... arguments) {
      Shell shell =
          new Shell(
              environment,
              new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
              out,
              err,
              terminal);
      return ParleyCommand.commandLine(shell).execute(arguments);
    }
  }

  public static String newName() {
    return "cli-" + TENANTS.incrementAndGet();
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
  }

  private static void delete(Path directory) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(directory)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : deepestFirst) {
      Files.delete(each);
    }
  }
}
