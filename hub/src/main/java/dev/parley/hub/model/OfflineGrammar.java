package dev.parley.hub.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the offline model understands of a user's text. Letters of either case, an optional "please"
 * before any of them:
 *
 * <pre>
 * ask tenant/agent[:] question         ask market:tenant/listing[:] question
 * list agents     list files           read path
 * write path: text                     remember text
 * use tool {"json": "arguments"}
 * repeat n word                        fail                    help
 * </pre>
 *
 * Anything else is {@link Chat}.
 */
final class OfflineGrammar {
  static final int MOST_REPEATS = 100_000;

  private static final int FLAGS = Pattern.CASE_INSENSITIVE | Pattern.DOTALL;
  private static final Pattern ASK = Pattern.compile("ask\\s+(\\S+)\\s+(.+)", FLAGS);
  private static final Pattern LIST =
      Pattern.compile("list\\s+(?:my\\s+)?(agents|files)\\W?", FLAGS);
  private static final Pattern READ = Pattern.compile("read\\s+(\\S+)", FLAGS);
  private static final Pattern WRITE = Pattern.compile("write\\s+([^\\s:]+):\\s*(.+)", FLAGS);
  private static final Pattern USE =
      Pattern.compile("use\\s+([a-z0-9_-]{1,64})(?:\\s+(\\{.*}))?", FLAGS);
  private static final Pattern REMEMBER = Pattern.compile("remember\\s+(?:that\\s+)?(.+)", FLAGS);
  private static final Pattern REPEAT =
      Pattern.compile("repeat\\s+([1-9][0-9]{0,5})\\s+(\\S{1,64})", FLAGS);
  private static final Pattern GREETING =
      Pattern.compile("(?:hi|hello|hey|good (?:morning|day|evening))\\b.{0,40}", FLAGS);

  private OfflineGrammar() {}

  /** What a user's text asks for. */
  sealed interface Command permits UseTool, Remember, Repeat, Fail, Help, Greeting, Chat {}

  record UseTool(String tool, ObjectNode arguments) implements Command {}

  record Remember(String text) implements Command {}

  record Repeat(int times, String word) implements Command {}

  record Fail() implements Command {}

  record Help() implements Command {}

  record Greeting() implements Command {}

  record Chat(String text) implements Command {}

  static Command parse(String said) {
    String text = said.strip();
    String command = withoutPlease(text);
    if (command.equalsIgnoreCase("fail")) {
      return new Fail();
    }
    if (command.equalsIgnoreCase("help")) {
      return new Help();
    }
    return ask(command)
        .or(() -> files(command))
        .or(() -> use(command))
        .or(() -> other(command))
        .orElseGet(() -> new Chat(text));
  }

  private static String withoutPlease(String text) {
    return text.regionMatches(true, 0, "please ", 0, 7) ? text.substring(7).strip() : text;
  }

  private static Optional<Command> ask(String text) {
    Matcher ask = ASK.matcher(text);
    if (!ask.matches()) {
      return Optional.empty();
    }
    String to = ask.group(1).replaceFirst("[:,]$", "");
    try {
      Target.parse(to);
    } catch (ParleyException notAnAddress) {
      return Optional.empty();
    }
    return tool(OfflineTools.CALL_AGENT, Json.object().put("to", to).put("message", ask.group(2)));
  }

  private static Optional<Command> files(String text) {
    Matcher read = READ.matcher(text);
    if (read.matches()) {
      return tool(OfflineTools.READ_FILE, Json.object().put("path", read.group(1)));
    }
    Matcher write = WRITE.matcher(text);
    if (write.matches()) {
      ObjectNode arguments = Json.object().put("path", write.group(1));
      return tool(OfflineTools.WRITE_FILE, arguments.put("content", write.group(2)));
    }
    Matcher remember = REMEMBER.matcher(text);
    return remember.matches() ? Optional.of(new Remember(remember.group(1))) : Optional.empty();
  }

  private static Optional<Command> use(String text) {
    Matcher use = USE.matcher(text);
    if (!use.matches()) {
      return Optional.empty();
    }
    String arguments = use.group(2) == null ? "{}" : use.group(2);
    try {
      return tool(use.group(1), Json.parseObject("arguments", arguments));
    } catch (ParleyException noJson) {
      return Optional.empty();
    }
  }

  private static Optional<Command> other(String text) {
    Matcher list = LIST.matcher(text);
    if (list.matches()) {
      boolean agents = list.group(1).equalsIgnoreCase("agents");
      return tool(agents ? OfflineTools.LIST_AGENTS : OfflineTools.LIST_FILES, Json.object());
    }
    Matcher repeat = REPEAT.matcher(text);
    if (repeat.matches()) {
      int times = Math.min(MOST_REPEATS, Integer.parseInt(repeat.group(1)));
      return Optional.of(new Repeat(times, repeat.group(2)));
    }
    return GREETING.matcher(text).matches() ? Optional.of(new Greeting()) : Optional.empty();
  }

  private static Optional<Command> tool(String name, ObjectNode arguments) {
    return Optional.of(new UseTool(name, arguments));
  }
}
