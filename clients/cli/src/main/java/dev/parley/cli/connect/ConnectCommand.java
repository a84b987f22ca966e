package dev.parley.cli.connect;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Endings;
import dev.parley.cli.shell.Shell;
import dev.parley.client.ParleyAgent;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Stack;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code parley connect}. */
@Command(
    name = "connect",
    mixinStandardHelpOptions = true,
    customSynopsis = "parley connect [OPTION]... TENANT/AGENT --exec PROGRAM [ARGUMENT]...",
    description = {
      "Makes a program an agent. The agent is defined if there is none of that name.",
      "",
      "The program is kept running. Each message is a line of JSON on its input:",
      "  {\"id\":\"m1\",\"from\":\"globex/buyer\",\"payload\":{\"text\":\"hi\"},…}",
      "and it answers with lines on its output, at any time and in any order:",
      "  {\"id\":\"m1\",\"reply\":{\"text\":\"hello\"}}   or   {\"id\":\"m1\",\"error\":\"…\"}",
      "It is started again when it ends.",
      "docs/protocol.md has the rest: chunks, calls of other agents, cancelling."
    },
    footer = {
      "",
      "With --per-message the program is started for each message instead: the",
      "message's text is its input, and what it prints is the reply.",
      "",
      "Examples:",
      "  parley connect acme/worker --exec ./my-agent",
      "  parley connect acme/worker --window 4 --exec python3 -u agent.py --verbose",
      "  parley connect acme/shouter --per-message --exec tr a-z A-Z"
    })
public final class ConnectCommand implements Callable<Integer> {
  private final Shell shell;
  @Mixin private final HubOptions hub;

  @Parameters(paramLabel = "TENANT/AGENT", description = "which agent the program is")
  private String address = "";

  @Option(names = "--per-message", description = "start the program once for each message")
  private boolean perMessage;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "16",
      description = "messages at once (default: 16); more wait at the hub")
  private int window = 16;

  @Option(
      names = "--max-line-bytes",
      paramLabel = "N",
      defaultValue = "1048576",
      description = "longest line, or reply with --per-message (default: 1048576)")
  private int maxLineBytes = 1 << 20;

  @Option(names = "--no-create", description = "refuse when the agent is not defined")
  private boolean noCreate;

  @Option(
      names = "--exec",
      arity = "1..*",
      required = true,
      paramLabel = "PROGRAM",
      parameterConsumer = TheRest.class,
      description = "the program, with all that follows; so this option comes last")
  private List<String> program = List.of();

  public ConnectCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  /** Takes everything that follows, also what looks like an option. */
  private static final class TheRest implements IParameterConsumer {
    @Override
    public void consumeParameters(Stack<String> args, ArgSpec option, CommandSpec command) {
      if (args.isEmpty()) {
        throw new ParameterException(
            command.commandLine(), "Missing the program after option '--exec'", option, "");
      }
      List<String> all = new ArrayList<>();
      while (!args.isEmpty()) {
        all.add(args.pop());
      }
      option.setValue(all);
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    AgentAddress agent = AgentAddress.parse(address);
    Progress progress = new Progress(shell);
    Children children = new Children(program, shell.environment());
    CompletableFuture<ParleyException> gaveUp = new CompletableFuture<>();
    try (Endings endings = new Endings()) {
      Program runner = endings.add(runner(children, progress, gaveUp));
      runner.start();
      ParleyAgent connection = endings.add(connect(agent, runner, progress));
      runner.connected(connection.client());
      progress.connected(connection.address(), window);
      ParleyException why =
          Answers.await(connection.ended().applyToEither(gaveUp, reason -> reason));
      progress.ended();
      if (why.code() == ErrorCode.CANCELLED) {
        return 0;
      }
      throw why;
    }
  }

  private Program runner(
      Children children, Progress progress, CompletableFuture<ParleyException> gaveUp) {
    return perMessage
        ? new PerMessageProgram(children, maxLineBytes, progress)
        : new LineProgram(
            children, window, maxLineBytes, progress, LineProgram.FIRST_WAIT, gaveUp::complete);
  }

  private ParleyAgent connect(AgentAddress agent, Program runner, Progress progress)
      throws IOException, InterruptedException {
    try {
      return open(agent, runner, progress);
    } catch (ParleyException refusal) {
      if (noCreate || refusal.code() != ErrorCode.NOT_FOUND) {
        throw refusal;
      }
      define(agent, progress);
      return open(agent, runner, progress);
    }
  }

  private ParleyAgent open(AgentAddress agent, Program runner, Progress progress)
      throws IOException, InterruptedException {
    ParleyAgent opened =
        Answers.await(
            hub.socket()
                .displayName("parley connect")
                .window(window)
                .onState(progress::on)
                .connectAgent(
                    agent.agent().value(),
                    (message, context) -> {
                      runner.handle(message, context);
                      return null;
                    }));
    try {
      requireOwn(agent, opened.client().hello().tenant());
    } catch (ParleyException refusal) {
      opened.close();
      throw refusal;
    }
    return opened;
  }

  private void define(AgentAddress agent, Progress progress)
      throws IOException, InterruptedException {
    JsonNode own = Answers.await(hub.rest().request("tenant.get", Json.object()));
    requireOwn(agent, own.at("/tenant/id").asText());
    String id = agent.agent().value();
    try {
      Answers.await(
          hub.rest().request("agents.create", Json.object().put("name", id).put("kind", "remote")));
      progress.note("defined the agent " + agent);
    } catch (ParleyException refusal) {
      if (refusal.code() != ErrorCode.CONFLICT) {
        throw refusal;
      }
    }
  }

  /** Refuses to be another tenant's agent, which would only be an own one of the same id. */
  private static void requireOwn(AgentAddress agent, String tenant) {
    if (!agent.tenant().value().equals(tenant)) {
      throw ParleyException.invalid(
          "agent",
          "%s is none of the key's tenant, %s; choose the other tenant's profile with --profile"
              .formatted(agent, tenant));
    }
  }
}
