package dev.parley.cli;

import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Shell;
import dev.parley.hub.Hub;
import dev.parley.hub.settings.HubSettings;
import dev.parley.hub.settings.Setting;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code parley serve}; its options are the hub's catalogue of settings. */
final class ServeCommand implements Callable<Integer> {
  private static final long CLOSE_SECONDS = 20;

  private final Shell shell;
  private @Nullable CommandSpec spec;

  private ServeCommand(Shell shell) {
    this.shell = shell;
  }

  static CommandSpec spec(Shell shell) {
    ServeCommand command = new ServeCommand(shell);
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    spec.mixinStandardHelpOptions(true);
    spec.usageMessage()
        .description("Starts a hub; without --redis with a redis-server of its own.")
        .footer(
            "",
            "Each option is also an environment variable, for example PARLEY_PORT, and a line of",
            "the --config file; an option wins over the environment, that over the file.",
            "",
            "Examples:",
            "  parley serve",
            "  parley serve --port 9000 --data ./hub-data --sign-up invite",
            "  parley serve --host 0.0.0.0 --redis rediss://redis.example.com:6380");
    for (Setting<?> setting : HubSettings.ALL) {
      boolean flag = setting.placeholder().equals("true|false");
      spec.addOption(
          OptionSpec.builder("--" + setting.name())
              .arity(flag ? "0..1" : "1")
              .fallbackValue(flag ? "true" : "")
              .type(String.class)
              .paramLabel(setting.placeholder().replace("%", "%%"))
              .description(
                  setting.description()
                      + (setting.defaultText().isEmpty()
                          ? ""
                          : " (default " + setting.defaultText() + ")"))
              .build());
    }
    command.spec = spec;
    return spec;
  }

  @Override
  public Integer call() throws InterruptedException {
    Settings settings = Settings.of(options(), shell.environment());
    Vertx vertx = vertx(settings);
    try {
      Hub hub = await(Hub.start(vertx, settings, shell.environment()));
      stopWithTheProcess(vertx, hub, settings.get(HubSettings.DRAIN_TIMEOUT));
      tell(hub, settings);
      new CountDownLatch(1).await();
      return 0;
    } finally {
      vertx.close();
    }
  }

  private Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    if (spec != null) {
      CommandLine.ParseResult parsed = spec.commandLine().getParseResult();
      for (OptionSpec option : parsed.matchedOptions()) {
        options.put(option.longestName().substring(2), option.<String>getValue());
      }
    }
    return options;
  }

  private static Vertx vertx(Settings settings) {
    VertxOptions options = new VertxOptions().setPreferNativeTransport(true);
    int loops = settings.get(HubSettings.EVENT_LOOPS);
    options.setEventLoopPoolSize(loops > 0 ? loops : Runtime.getRuntime().availableProcessors());
    return Vertx.vertx(options);
  }

  private void tell(Hub hub, Settings settings) {
    String host = settings.get(HubSettings.HOST);
    shell.out().printf("listening on http://%s:%d%n", host, hub.port());
    shell.out().printf("  data       %s%n", settings.get(HubSettings.DATA));
    shell.out().printf("  redis      %s%n", hub.storeLocation());
    shell.out().printf("  admin key  %s%n", hub.adminKeyFile());
    shell.out().printf("Next, in another terminal:%n");
    nextSteps(hub, settings).forEach(step -> shell.out().println("  " + step));
    shell.out().println("Stop with Ctrl-C.");
    shell.out().flush();
  }

  private static List<String> nextSteps(Hub hub, Settings settings) {
    String local = "http://127.0.0.1:" + hub.port();
    String url = local.equals(HubOptions.DEFAULT_URL) ? "" : " --url " + local;
    String admin = url + " --key-file " + hub.adminKeyFile();
    String status = "parley admin status" + admin;
    return switch (settings.get(HubSettings.SIGN_UP)) {
      case OPEN -> List.of("parley signup acme%s && parley chat".formatted(url), status);
      case INVITE ->
          List.of(
              "parley admin invites create" + admin,
              "parley signup acme --invite CODE%s && parley chat".formatted(url));
      case CLOSED -> List.of(status);
    };
  }

  private void stopWithTheProcess(Vertx vertx, Hub hub, Duration drain) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(vertx, hub, drain), "parley-stop"));
  }

  private void stop(Vertx vertx, Hub hub, Duration drain) {
    try {
      hub.close()
          .eventually(vertx::close)
          .toCompletionStage()
          .toCompletableFuture()
          .get(drain.toSeconds() + CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      shell.err().println("parley: the hub did not stop cleanly: " + e);
    }
  }

  private static <T> T await(Future<T> future) throws InterruptedException {
    try {
      return future.toCompletionStage().toCompletableFuture().get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw cause instanceof ParleyException known
          ? known
          : new ParleyException(
              ErrorCode.INTERNAL, "the hub did not start: " + cause.getMessage(), cause);
    }
  }
}
