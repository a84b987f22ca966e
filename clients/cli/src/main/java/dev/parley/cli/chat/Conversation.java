package dev.parley.cli.chat;

import dev.parley.cli.access.Answers;
import dev.parley.cli.shell.ErrorLine;
import dev.parley.cli.shell.Style;
import dev.parley.cli.shell.TerminalText;
import dev.parley.client.ChatReply;
import dev.parley.client.ChatRequest;
import dev.parley.client.ChatRun;
import dev.parley.client.ConnectionState;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.PrintWriter;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;

/**
 * An interactive chat on a terminal. Ctrl-C while a reply streams stops it, and once more, or at
 * the prompt, leaves.
 */
final class Conversation {
  private static final int REFUSED = 1;
  private static final int INTERRUPTED = 130;
  private static final int HISTORY_ROWS = 50;
  private static final String HELP =
      """
        /new             a fresh conversation with this agent
        /session NAME    go on with another conversation
        /agent ID        talk to another agent
        /history         what was said
        /quit            leave (also Ctrl-D)
      Ctrl-C stops a reply; again, it leaves.""";

  private final ParleyClient client;
  private final Terminal terminal;
  private final PrintWriter out;
  private final Style style;
  private final LineReader reader;
  private String agent;
  private String session;
  private boolean left;
  private int exitCode;

  Conversation(ParleyClient client, LineReader reader, Style style, String agent, String session) {
    this.client = client;
    this.reader = reader;
    this.terminal = reader.getTerminal();
    this.out = terminal.writer();
    this.style = style;
    this.agent = agent;
    this.session = session;
  }

  /** Reads lines that can be edited and recalled. */
  static LineReader reader(Terminal terminal) {
    return LineReaderBuilder.builder()
        .terminal(terminal)
        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
        .completer(new StringsCompleter("/new", "/session", "/agent", "/history", "/quit", "/help"))
        .build();
  }

  /** Chats until the person leaves; answers the exit code. */
  int run() throws InterruptedException {
    out.printf("chatting with %s/%s; /help lists commands%n", client.hello().tenant(), agent);
    recallOwnLines();
    while (!left) {
      try {
        String line = reader.readLine(style.accent("you>") + " ").strip();
        if (line.startsWith("/")) {
          command(line);
        } else if (!line.isEmpty()) {
          say(line);
        }
      } catch (UserInterruptException interrupted) {
        if (interrupted.getPartialLine().isEmpty()) {
          leave(INTERRUPTED);
        }
      } catch (EndOfFileException end) {
        leave(0);
      } catch (ParleyException refusal) {
        out.println(style.bad("! " + ErrorLine.of(refusal)));
        if (client.ended().isDone()) {
          leave(REFUSED);
        }
      }
      out.flush();
    }
    return exitCode;
  }

  /** Tells of a connection that is lost, and back, above the line that is being edited. */
  static Consumer<ConnectionState> teller(LineReader reader, Style style) {
    AtomicBoolean away = new AtomicBoolean();
    return state -> {
      if (state instanceof ConnectionState.Reconnecting lost && away.compareAndSet(false, true)) {
        String why = TerminalText.line(lost.why().text());
        reader.printAbove(style.warning("(not connected: " + why + ")"));
      } else if (state instanceof ConnectionState.Connected && away.compareAndSet(true, false)) {
        reader.printAbove(style.dim("(connected again)"));
      } else if (state instanceof ConnectionState.Ended over
          && over.why().code() != ErrorCode.CANCELLED) {
        reader.printAbove(style.bad("! " + ErrorLine.of(over.why())));
      }
    };
  }

  private void leave(int code) {
    left = true;
    exitCode = code;
  }

  private void say(String message) throws InterruptedException {
    ReplyPrinter printer = new ReplyPrinter(out, style);
    CompletableFuture<ChatReply> secondCtrlC = new CompletableFuture<>();
    AtomicBoolean stopped = new AtomicBoolean();
    ChatRun run = client.chat(ChatRequest.of(agent, message).session(session), printer);
    Terminal.SignalHandler before =
        terminal.handle(
            Terminal.Signal.INT,
            signal -> {
              if (stopped.compareAndSet(false, true)) {
                var unused = run.abort();
              } else {
                secondCtrlC.completeExceptionally(
                    new ParleyException(ErrorCode.CANCELLED, "Ctrl-C was pressed twice"));
              }
            });
    try {
      Answers.await(run.reply().applyToEither(secondCtrlC, reply -> reply));
      printer.endLine();
    } catch (ParleyException failure) {
      printer.endLine();
      if (secondCtrlC.isDone()) {
        leave(INTERRUPTED);
        return;
      }
      if (failure.code() != ErrorCode.CANCELLED || !stopped.get()) {
        throw failure;
      }
      out.println(style.warning("(stopped; Ctrl-C again leaves)"));
    } finally {
      terminal.handle(Terminal.Signal.INT, before);
    }
  }

  private void command(String line) throws InterruptedException {
    String[] words = line.split("\\s+", 2);
    String argument = words.length > 1 ? words[1].strip() : "";
    switch (words[0]) {
      case "/quit", "/exit" -> leave(0);
      case "/help" -> out.println(HELP);
      case "/history" -> transcript().print(out, style);
      case "/new" -> goOn("chat-" + UUID.randomUUID().toString().substring(0, 8));
      case "/session" -> goOn(argument);
      case "/agent" -> talkTo(argument);
      default -> out.println("There is no command " + TerminalText.line(words[0]) + "; see /help.");
    }
  }

  private void goOn(String name) throws InterruptedException {
    if (name.isEmpty()) {
      out.println("Say which: /session NAME.");
      return;
    }
    session = name;
    recallOwnLines();
    out.println("On with the conversation " + TerminalText.line(name) + ".");
  }

  private void talkTo(String id) throws InterruptedException {
    if (id.isEmpty()) {
      out.println("Say which: /agent ID.");
      return;
    }
    agent = id;
    goOn("main");
  }

  private void recallOwnLines() throws InterruptedException {
    transcript().ownLines().forEach(reader.getHistory()::add);
  }

  private Transcript transcript() throws InterruptedException {
    String key = ChatRequest.of(agent, "").session(session).sessionKey();
    return new Transcript(
        Answers.await(
            client.request(
                "chat.history", Json.object().put("sessionKey", key).put("limit", HISTORY_ROWS))));
  }
}
