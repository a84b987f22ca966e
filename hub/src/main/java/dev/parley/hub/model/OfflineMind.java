package dev.parley.hub.model;

import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.hub.model.OfflineGrammar.Chat;
import dev.parley.hub.model.OfflineGrammar.Command;
import dev.parley.hub.model.OfflineGrammar.Greeting;
import dev.parley.hub.model.OfflineGrammar.Help;
import dev.parley.hub.model.OfflineGrammar.Remember;
import dev.parley.hub.model.OfflineGrammar.Repeat;
import dev.parley.hub.model.OfflineGrammar.UseTool;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the offline model answers: a pure function of the request. It calls a tool for a command, or
 * speaks of the tool's result, and says of everything else that it has no knowledge.
 */
final class OfflineMind {
  private static final int MOST_ECHOED = 300;
  private static final int LONGEST_NAME = 100;
  private static final Pattern NAME =
      Pattern.compile(
          "^[-* ]{0,8}name[* ]{0,4}:[* ]{0,4}(\\S.*)$",
          Pattern.MULTILINE | Pattern.CASE_INSENSITIVE);
  private static final Pattern HEADING = Pattern.compile("^#{1,6} +(\\S.*)$", Pattern.MULTILINE);

  private final ModelRequest request;
  private final List<ModelMessage> sinceUser;
  private final Command command;

  private OfflineMind(ModelRequest request) {
    this.request = request;
    int last = lastUserText(request.messages());
    this.sinceUser = request.messages().subList(last + 1, request.messages().size());
    this.command =
        last >= 0 && request.messages().get(last) instanceof UserText user
            ? OfflineGrammar.parse(user.text())
            : new Help();
  }

  /** Either a text or one tool call. */
  record Thought(String text, List<ToolCall> calls) {}

  /**
   * Answers a request.
   *
   * @throws ParleyException {@code agent_failed} when the user asked for a failure
   */
  static Thought about(ModelRequest request) {
    return new OfflineMind(request).think();
  }

  private Thought think() {
    if (command instanceof OfflineGrammar.Fail) {
      throw new ParleyException(
          ErrorCode.AGENT_FAILED, "the offline model failed because it was told to: \"fail\"");
    }
    List<ToolResult> results = results();
    if (!results.isEmpty()) {
      return afterTools(results.get(results.size() - 1));
    }
    if (command instanceof UseTool use) {
      return call(use);
    }
    if (command instanceof Remember note) {
      return remember(note);
    }
    if (command instanceof Repeat repeat) {
      long times = Math.min(repeat.times(), request.maxOutputTokens() + 1L);
      return say(Stream.generate(repeat::word).limit(times).collect(Collectors.joining(" ")));
    }
    return say(talk());
  }

  private Thought remember(Remember note) {
    if (OfflineTools.canAppend(request) || !OfflineTools.has(request, OfflineTools.READ_FILE)) {
      return call(OfflineTools.append(note.text()));
    }
    var path = Json.object().put("path", OfflineTools.NOTES);
    return call(new UseTool(OfflineTools.READ_FILE, path));
  }

  private Thought afterTools(ToolResult result) {
    ToolCall call =
        sinceUser.stream()
            .filter(AssistantTurn.class::isInstance)
            .flatMap(turn -> ((AssistantTurn) turn).calls().stream())
            .filter(made -> made.id().equals(result.callId()))
            .findFirst()
            .orElseGet(() -> new ToolCall(result.callId(), result.tool(), Json.object()));
    if (command instanceof Remember note && call.name().equals(OfflineTools.READ_FILE)) {
      return call(OfflineTools.rewrite(result, note.text()));
    }
    return say(OfflineTools.answer(call, result));
  }

  private Thought call(UseTool use) {
    if (!OfflineTools.has(request, use.tool())) {
      return say("I cannot do that: I have not been given the tool " + use.tool() + ".");
    }
    String id = "call_" + request.messages().size();
    return new Thought("", List.of(new ToolCall(id, use.tool(), use.arguments())));
  }

  private String talk() {
    StringBuilder text = new StringBuilder(command instanceof Greeting ? "Hello! I am " : "I am ");
    text.append(persona().map(name -> name + ", running on").orElse("an agent on"));
    text.append(" Parley's built-in offline model: I have no knowledge and follow a few commands.");
    if (command instanceof Chat chat) {
      text.append(" You said: \"").append(shortened(chat.text(), MOST_ECHOED)).append("\".");
    }
    int earlier = earlierTurns();
    if (earlier > 0) {
      text.append(" I remember %d earlier turn%s.".formatted(earlier, earlier == 1 ? "" : "s"));
    }
    return text.append(' ').append(hint()).toString();
  }

  private String hint() {
    String commands =
        Stream.of(
                hint(OfflineTools.CALL_AGENT, "ask tenant/agent your question"),
                hint(OfflineTools.LIST_AGENTS, "list agents"),
                hint(OfflineTools.LIST_FILES, "list files"),
                hint(OfflineTools.READ_FILE, "read notes.md"),
                hint(OfflineTools.WRITE_FILE, "write notes.md: some text"),
                hint(OfflineTools.WRITE_FILE, "remember some text"),
                Optional.of("repeat 3 hello"))
            .flatMap(Optional::stream)
            .collect(Collectors.joining("; "));
    return "Try: " + commands + ". For a real model: parley providers set openai";
  }

  private Optional<String> hint(String tool, String example) {
    return OfflineTools.has(request, tool) ? Optional.of(example) : Optional.empty();
  }

  private Optional<String> persona() {
    return Stream.of(NAME, HEADING)
        .map(pattern -> pattern.matcher(request.system()))
        .filter(Matcher::find)
        .map(matcher -> shortened(matcher.group(1).replace("*", "").strip(), LONGEST_NAME))
        .findFirst();
  }

  private int earlierTurns() {
    long said = request.messages().stream().filter(UserText.class::isInstance).count();
    return (int) Math.max(0, said - 1);
  }

  private List<ToolResult> results() {
    return sinceUser.stream()
        .filter(ToolResult.class::isInstance)
        .map(ToolResult.class::cast)
        .toList();
  }

  private static int lastUserText(List<ModelMessage> messages) {
    int at = messages.size() - 1;
    while (at >= 0 && !(messages.get(at) instanceof UserText)) {
      at--;
    }
    return at;
  }

  private static Thought say(String text) {
    return new Thought(text, List.of());
  }

  private static String shortened(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return text.substring(0, end) + "…";
  }
}
