package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.client.ChatListener;
import dev.parley.client.ChatRequest;
import dev.parley.client.ChatRun;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A conversation with an own agent: each line is a message, replies stream. */
@Command(
    name = "chat",
    mixinStandardHelpOptions = true,
    description = "Chats with one of your agents; replies stream as they are made.",
    footer = {
      "",
      "Lines from standard input are messages. /new starts a fresh conversation, /history shows",
      "this one, /quit or the end of input leaves.",
      "",
      "Examples:",
      "  parley chat",
      "  parley chat --agent helper -m \"what is new?\""
    })
final class ChatCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;
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

  ChatCommand(Map<String, String> environment) {
    hub = new HubOptions(environment);
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    try (ParleyClient client = Failures.await(hub.socket().connect())) {
      if (message != null) {
        say(client, out, message);
        return 0;
      }
      return converse(client, out);
    }
  }

  private int converse(ParleyClient client, PrintWriter out)
      throws IOException, InterruptedException {
    boolean person = Boolean.getBoolean("parley.interactive");
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if (person) {
      out.printf("chatting with %s/%s; /quit leaves%n", client.hello().tenant(), agent);
    }
    while (true) {
      if (person) {
        out.print("> ");
        out.flush();
      }
      String line = lines.readLine();
      if (line == null || line.equals("/quit")) {
        return 0;
      }
      try {
        switch (line.strip()) {
          case "" -> {}
          case "/new" -> {
            session = "chat-" + UUID.randomUUID().toString().substring(0, 8);
            out.println("a fresh conversation, " + session);
          }
          case "/history" -> history(client, out);
          default -> say(client, out, line);
        }
      } catch (ParleyException refusal) {
        out.println("! " + Failures.line(refusal));
        if (!person) {
          return 1;
        }
      }
      out.flush();
    }
  }

  private void say(ParleyClient client, PrintWriter out, String text) throws InterruptedException {
    ChatRun run = client.chat(ChatRequest.of(agent, text).session(session), new Printer(out));
    Failures.await(run.reply());
    out.println();
    out.flush();
  }

  private void history(ParleyClient client, PrintWriter out) throws InterruptedException {
    JsonNode page =
        Failures.await(
            client.request(
                "chat.history", Json.object().put("sessionKey", "agent:" + agent + ":" + session)));
    for (JsonNode row : page.path("messages")) {
      JsonNode content = row.path("content");
      String text = content.isTextual() ? content.asText() : content.path(0).path("text").asText();
      out.printf("%s: %s%n", row.path("role").asText(), TerminalText.of(text));
    }
  }

  /** Writes a reply as it comes. */
  private record Printer(PrintWriter out) implements ChatListener {
    @Override
    public void onText(String delta) {
      out.print(TerminalText.of(delta));
      out.flush();
    }

    @Override
    public void onToolStarted(String tool, JsonNode arguments) {
      out.printf(
          "  [%s]%n",
          TerminalText.line(arguments.isMissingNode() ? tool : tool + " " + Json.write(arguments)));
      out.flush();
    }
  }
}
