package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Output;
import dev.parley.cli.shell.Shell;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * One operation of the contract as a command: required params are arguments, the others options. A
 * new operation with a REST route is a new command without a line of code here.
 */
final class OperationCommand implements Callable<Integer> {
  private static final Set<String> ELSEWHERE =
      Set.of("signup", "agent.call", "admin.rotate-master-key");

  /** Params that are never arguments, for other users of the machine see those. */
  private static final Set<String> SECRETS = Set.of("apiKey");

  /** Params that may be too long for an argument: {@code -} reads them from standard input. */
  private static final Set<String> TEXTS = Set.of("text", "content");

  private static final int MAX_SECRET_BYTES = 4096;
  private static final int MAX_TEXT_BYTES = 1 << 20;

  private final Operation operation;
  private final Shell shell;
  private final HubOptions hub;
  private final List<ArgSpec> arguments = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private @Nullable CommandSpec spec;

  private OperationCommand(Operation operation, Shell shell) {
    this.operation = operation;
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  /** Adds a command for each operation that has a REST route, grouped by the parts of its name. */
  static void addTo(CommandLine parley, Contract contract, Shell shell) {
    for (Operation operation : contract.operations().values()) {
      boolean isElsewhere =
          ELSEWHERE.contains(operation.name()) || operation.feature().equals("files");
      if (operation.hasRest() && !isElsewhere) {
        String[] path = operation.name().split("\\.", -1);
        CommandLine group = parley;
        for (int i = 0; i < path.length - 1; i++) {
          group = group(group, path[i]);
        }
        String name = path[path.length - 1];
        CommandSpec built =
            operation.name().equals("admin.plugins.install")
                ? CommandSpec.forAnnotatedObject(new PluginInstallCommand(shell))
                : new OperationCommand(operation, shell).build(contract);
        group.addSubcommand(name, built, aliases(name));
        describe(group);
      }
    }
  }

  /** What people type all the same. */
  private static String[] aliases(String verb) {
    return switch (verb) {
      case "list" -> new String[] {"ls"};
      case "delete", "remove" -> new String[] {"rm"};
      default -> new String[0];
    };
  }

  /** The group of commands of this name, made when there is none. */
  static CommandLine group(CommandLine parent, String name) {
    CommandLine known = parent.getSubcommands().get(name);
    if (known == null) {
      CommandSpec spec = CommandSpec.create().name(name).mixinStandardHelpOptions(true);
      spec.usageMessage().synopsisSubcommandLabel("COMMAND");
      known = new CommandLine(spec);
      parent.addSubcommand(name, known);
    }
    return known;
  }

  private static void describe(CommandLine group) {
    String does =
        group.getSubcommands().values().stream()
            .map(CommandLine::getCommandName)
            .distinct()
            .collect(Collectors.joining(", "));
    group
        .getCommandSpec()
        .usageMessage()
        .description("%s: %s.".formatted(group.getCommandName(), does));
  }

  private CommandSpec build(Contract contract) {
    CommandSpec built = CommandSpec.wrapWithoutInspection(this);
    built.addOption(
        OptionSpec.builder("-h", "--help")
            .type(boolean.class)
            .usageHelp(true)
            .description("show this help and exit")
            .build());
    built.usageMessage().description(escape(operation.summary()) + ".");
    Set<String> required = new HashSet<>();
    operation.params().path("required").forEach(name -> required.add(name.asText()));
    int index = 0;
    for (var member : operation.params().path("properties").properties()) {
      String name = member.getKey();
      JsonNode schema = resolve(contract, member.getValue());
      ArgSpec argument =
          required.contains(name)
              ? PositionalParamSpec.builder()
                  .index(String.valueOf(index++))
                  .required(true)
                  .type(String.class)
                  .paramLabel(name.toUpperCase(Locale.ROOT))
                  .description(
                      describe(member.getValue(), schema)
                          + (TEXTS.contains(name) ? "; - reads standard input" : ""))
                  .build()
              : OptionSpec.builder(SECRETS.contains(name) ? "--" + name + "-file" : "--" + name)
                  .type(String.class)
                  .paramLabel(SECRETS.contains(name) ? "<file>" : label(schema))
                  .description(describeOption(name, member.getValue(), schema))
                  .build();
      built.add(argument);
      arguments.add(argument);
      names.add(name);
    }
    built.addMixin("hub", CommandSpec.forAnnotatedObject(hub));
    built.addOption(
        OptionSpec.builder("--json")
            .type(boolean.class)
            .description("print the hub's answer as JSON")
            .build());
    spec = built;
    return built;
  }

  @Override
  public Integer call() throws Exception {
    CommandSpec built = Objects.requireNonNull(spec);
    ObjectNode params = Json.object();
    Contract contract = Contract.load();
    for (int i = 0; i < arguments.size(); i++) {
      String given = arguments.get(i).getValue();
      if (given != null) {
        String name = names.get(i);
        JsonNode schema = resolve(contract, operation.params().path("properties").path(name));
        params.set(
            name,
            SECRETS.contains(name) || TEXTS.contains(name)
                ? whole(name, given)
                : value(name, given, schema));
      }
    }
    JsonNode result = Answers.await(hub.rest().request(operation.name(), params));
    Boolean json = built.findOption("--json").getValue();
    Output.print(shell, result, json != null && json);
    return 0;
  }

  /** A param as text: objects as JSON or as {@code name=value,…}, lists with commas. */
  private static JsonNode value(String name, String text, JsonNode schema) {
    String type = schema.path("type").asText();
    if (text.startsWith("{") || text.startsWith("[")) {
      return Json.parse(name, text);
    }
    return switch (type) {
      case "integer" -> Json.parse(name, integer(name, text));
      case "boolean" -> {
        if (!text.equals("true") && !text.equals("false")) {
          throw ParleyException.invalid(
              name, "%s is true or false, not «%s»".formatted(name, text));
        }
        yield BooleanNode.valueOf(text.equals("true"));
      }
      case "array" -> {
        var list = Json.object().putArray(name);
        for (String item : text.split(",", -1)) {
          list.add(item.strip());
        }
        yield list;
      }
      case "object" -> {
        ObjectNode object = Json.object();
        for (String pair : text.split(",", -1)) {
          int equals = pair.indexOf('=');
          if (equals < 1) {
            throw ParleyException.invalid(
                name, "--%s takes name=value,… or JSON, not «%s»".formatted(name, pair));
          }
          String key = pair.substring(0, equals).strip();
          String member = pair.substring(equals + 1).strip();
          if (member.matches("-?\\d{1,18}")) {
            object.put(key, Long.parseLong(member));
          } else {
            object.put(key, member);
          }
        }
        yield object;
      }
      default -> TextNode.valueOf(text);
    };
  }

  /** A param that is text, whatever it looks like. */
  private JsonNode whole(String name, String given) throws IOException {
    if (SECRETS.contains(name)) {
      return TextNode.valueOf(secret(given));
    }
    return TextNode.valueOf(given.equals("-") ? standardInput() : given);
  }

  private String standardInput() throws IOException {
    byte[] bytes = shell.in().readNBytes(MAX_TEXT_BYTES + 1);
    if (bytes.length > MAX_TEXT_BYTES) {
      throw new ParleyException(
          ErrorCode.PAYLOAD_TOO_LARGE,
          "more than %d bytes on standard input".formatted(MAX_TEXT_BYTES));
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private String secret(String file) throws IOException {
    return file.equals("-")
        ? new String(shell.in().readNBytes(MAX_SECRET_BYTES), StandardCharsets.UTF_8).strip()
        : Files.readString(Path.of(file)).strip();
  }

  private static String integer(String name, String text) {
    if (!text.matches("-?\\d{1,18}")) {
      throw ParleyException.invalid(name, "%s is a whole number, not «%s»".formatted(name, text));
    }
    return String.valueOf(Long.parseLong(text));
  }

  private static JsonNode resolve(Contract contract, JsonNode schema) {
    String reference = schema.path("$ref").asText();
    return reference.startsWith("#/$defs/")
        ? contract.definitions().path(reference.substring("#/$defs/".length()))
        : schema;
  }

  private static String label(JsonNode schema) {
    return switch (schema.path("type").asText()) {
      case "integer" -> "<n>";
      case "boolean" -> "true|false";
      case "array" -> "<a,b,…>";
      case "object" -> "<name=value,…>";
      default -> "<text>";
    };
  }

  private static String describeOption(String name, JsonNode stated, JsonNode schema) {
    return SECRETS.contains(name)
        ? "file with the key, - for standard input"
        : describe(stated, schema);
  }

  private static String describe(JsonNode stated, JsonNode schema) {
    String text = stated.path("description").asText(schema.path("description").asText());
    List<String> choices = new ArrayList<>();
    schema.path("enum").forEach(choice -> choices.add(choice.asText()));
    if (!choices.isEmpty()) {
      text += (text.isEmpty() ? "" : "; ") + String.join(", ", choices);
    } else if (schema.path("properties").isObject()) {
      List<String> members = new ArrayList<>();
      schema.path("properties").fieldNames().forEachRemaining(members::add);
      text += (text.isEmpty() ? "of " : "; of ") + String.join(", ", members);
    }
    return escape(text);
  }

  private static String escape(String text) {
    return text.replace("%", "%%").replace("@|", "@ |");
  }
}
