package dev.parley.cli;

import dev.parley.hub.Hub;
import dev.parley.hub.settings.HubSettings;
import dev.parley.hub.settings.Setting;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code parley serve}; its options are the hub's catalogue of settings. */
final class ServeCommand implements Callable<Integer> {
  private static final long CLOSE_SECONDS = 20;

  private @Nullable CommandSpec spec;

  private ServeCommand() {}

  static CommandSpec spec() {
    ServeCommand command = new ServeCommand();
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    spec.mixinStandardHelpOptions(true);
    spec.usageMessage()
        .description("Starts a hub.")
        .footer("", "Each option is also an environment variable, for example PARLEY_PORT.");
    for (Setting<?> setting : HubSettings.ALL) {
      spec.addOption(
          OptionSpec.builder("--" + setting.name())
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
    Map<String, String> options = new LinkedHashMap<>();
    if (spec != null) {
      CommandLine.ParseResult parsed = spec.commandLine().getParseResult();
      for (OptionSpec option : parsed.matchedOptions()) {
        options.put(option.longestName().substring(2), option.<String>getValue());
      }
    }
    Vertx vertx = null;
    try {
      Settings settings = Settings.of(options, System.getenv());
      vertx = vertx(settings);
      Hub hub =
          Hub.start(vertx, settings, System.getenv())
              .toCompletionStage()
              .toCompletableFuture()
              .get();
      return serve(vertx, hub, settings);
    } catch (ParleyException refusal) {
      return fail(vertx, refusal.text());
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return fail(vertx, cause instanceof ParleyException known ? known.text() : cause.toString());
    }
  }

  static Vertx vertx(Settings settings) {
    VertxOptions options = new VertxOptions().setPreferNativeTransport(true);
    int loops = settings.get(HubSettings.EVENT_LOOPS);
    options.setEventLoopPoolSize(loops > 0 ? loops : Runtime.getRuntime().availableProcessors());
    return Vertx.vertx(options);
  }

  private static int serve(Vertx vertx, Hub hub, Settings settings) throws InterruptedException {
    String host = settings.get(HubSettings.HOST);
    System.out.printf("listening on http://%s:%d%n", host, hub.port());
    System.out.printf("  data       %s%n", settings.get(HubSettings.DATA));
    System.out.printf("  redis      %s%n", hub.storeLocation());
    System.out.printf("  admin key  %s%n", hub.adminKeyFile());
    System.out.printf(
        "Sign up:  curl -d '{\"tenant\":\"acme\"}' http://%s:%d/v1/signup%n", host, hub.port());
    System.out.flush();
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    hub.close()
                        .eventually(vertx::close)
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(CLOSE_SECONDS, TimeUnit.SECONDS);
                  } catch (InterruptedException
                      | ExecutionException
                      | java.util.concurrent.TimeoutException e) {
                    System.err.println("parley: the hub did not stop cleanly: " + e);
                  } finally {
                    stopped.countDown();
                  }
                },
                "parley-stop"));
    stopped.await();
    return 0;
  }

  private static int fail(@Nullable Vertx vertx, String line) {
    System.err.println("parley: " + line);
    if (vertx != null) {
      vertx.close();
    }
    return 1;
  }
}
