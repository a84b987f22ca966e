package dev.parley.cli.chat;

import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.ErrorLine;
import dev.parley.cli.shell.Shell;
import dev.parley.client.ChatRequest;
import dev.parley.client.ChatRun;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ParleyException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jline.reader.LineReader;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code parley chat}. */
@Command(
    name = "chat",
    mixinStandardHelpOptions = true,
    description = "Chats with one of your agents; replies stream as they are made.",
    footer = {
      "",
      "On a terminal, lines can be edited and recalled; Ctrl-C stops a reply, again it",
      "leaves, and /help lists the rest. Else each line of standard input is a message.",
      "",
      "Examples:",
      "  parley chat",
      "  parley chat --agent helper -m \"what is new?\""
    })
public final class ChatCommand implements Callable<Integer> {
  private static final long ABORT_SECONDS = 2;

  private final Shell shell;
  @Mixin private final HubOptions hub;

  @Option(names = "--agent", paramLabel = "<id>", description = "the agent (main)")
  private String agent = "main";

  @Option(names = "--session", paramLabel = "<name>", description = "the conversation (main)")
  private String session = "main";

  @Option(
      names = {"-m", "--message"},
      paramLabel = "<text>",
      description = "send this one message and leave")
  private @Nullable String message;

  public ChatCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (message == null && shell.interactive()) {
      return converse();
    }
    try (ParleyClient client = Answers.await(hub.socket().connect())) {
      return message == null ? sayEachLine(client) : say(client, message);
    }
  }

  private int converse() throws IOException, InterruptedException {
    try (Terminal terminal = TerminalBuilder.builder().encoding(StandardCharsets.UTF_8).build()) {
      LineReader reader = Conversation.reader(terminal);
      try (ParleyClient client =
          Answers.await(
              hub.socket().onState(Conversation.teller(reader, shell.style())).connect())) {
        return new Conversation(client, reader, shell.style(), agent, session).run();
      }
    }
  }

  private int sayEachLine(ParleyClient client) throws IOException, InterruptedException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(shell.in(), StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (!line.isBlank()) {
        try {
          say(client, line);
        } catch (ParleyException refusal) {
          shell.err().println("parley: " + ErrorLine.of(refusal));
          return 1;
        }
      }
    }
    return 0;
  }

  private int say(ParleyClient client, String text) throws InterruptedException {
    ReplyPrinter printer = new ReplyPrinter(shell.out(), shell.style());
    ChatRun run = client.chat(ChatRequest.of(agent, text).session(session), printer);
    Thread abort = new Thread(() -> abort(run), "parley-abort");
    Runtime.getRuntime().addShutdownHook(abort);
    try {
      Answers.await(run.reply());
      return 0;
    } finally {
      printer.endLine();
      try {
        Runtime.getRuntime().removeShutdownHook(abort);
      } catch (IllegalStateException ending) {
        // The process is ending, and the hook runs.
      }
    }
  }

  /** A Ctrl-C here ends the process; the run would go on, and cost, without a reader. */
  private static void abort(ChatRun run) {
    run.abort()
        .handle((aborted, failure) -> null)
        .completeOnTimeout(null, ABORT_SECONDS, TimeUnit.SECONDS)
        .join();
  }
}
