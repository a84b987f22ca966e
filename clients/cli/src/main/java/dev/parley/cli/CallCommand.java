package dev.parley.cli;

import dev.parley.client.CallOptions;
import dev.parley.client.CallResult;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.frame.Json;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Calls an agent and prints its reply, piece by piece as it comes. */
@Command(
    name = "call",
    mixinStandardHelpOptions = true,
    description = "Calls an agent and prints its reply.",
    footer = {
      "",
      "Examples:",
      "  parley call globex/quotes \"price of 10 widgets?\"",
      "  parley call market:globex/shout hello --json"
    })
final class CallCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;
  @Mixin private final HubOptions hub;

  @Parameters(paramLabel = "AGENT", description = "tenant/agent, or market:tenant/listing")
  private String to = "";

  @Parameters(paramLabel = "TEXT", description = "the message")
  private String text = "";

  @Option(names = "--from", paramLabel = "<agent>", description = "call as this own agent")
  private @Nullable String from;

  @Option(names = "--timeout-ms", paramLabel = "<ms>", description = "deadline (60000)")
  private long timeoutMs = 60_000;

  @Option(names = "--json", description = "print reply, ids and charge as JSON")
  private boolean json;

  CallCommand(Map<String, String> environment) {
    hub = new HubOptions(environment);
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    CallOptions options = CallOptions.defaults().timeout(Duration.ofMillis(timeoutMs));
    if (from != null) {
      options = options.from(from);
    }
    try (ParleyClient client = Failures.await(hub.socket().connect())) {
      CallResult result = Failures.await(client.call(to, Json.object().put("text", text), options));
      if (json) {
        out.println(Json.write(result));
      } else {
        out.println(TerminalText.of(result.text()));
      }
      out.flush();
      return 0;
    }
  }
}
