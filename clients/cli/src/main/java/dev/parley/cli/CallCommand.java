package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Shell;
import dev.parley.cli.shell.TerminalText;
import dev.parley.client.CallOptions;
import dev.parley.client.CallResult;
import dev.parley.client.ParleyClient;
import dev.parley.client.Payloads;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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
  /** A frame has no more. */
  private static final int LONGEST_REPLY = 1 << 20;

  private final Shell shell;
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

  CallCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  @Override
  public Integer call() throws Exception {
    CallOptions options = CallOptions.defaults().timeout(Duration.ofMillis(timeoutMs));
    if (from != null) {
      options = options.from(from);
    }
    try (ParleyClient client = Answers.await(hub.socket().connect())) {
      ObjectNode message = Json.object().put("text", text);
      if (json) {
        shell.out().println(Json.write(Answers.await(client.call(to, message, options))));
      } else {
        StringBuilder printed = new StringBuilder();
        CallResult result =
            Answers.await(client.stream(to, message, options, piece -> print(piece, printed)));
        printEnd(result.text(), printed);
      }
      shell.out().flush();
      return 0;
    }
  }

  private void print(JsonNode piece, StringBuilder printed) {
    String text = Payloads.text(piece);
    if (printed.length() <= LONGEST_REPLY) {
      printed.append(text);
    }
    shell.out().print(TerminalText.of(text));
    shell.out().flush();
  }

  /** Ends the line with what is missing of the reply; another reply gets a line of its own. */
  private void printEnd(String reply, StringBuilder printed) {
    int from = printed.length();
    if (!reply.startsWith(printed.toString())) {
      shell.out().println();
      from = 0;
    }
    shell.out().println(TerminalText.of(reply.substring(from)));
  }
}
