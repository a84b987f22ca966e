package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.client.AgentContext;
import dev.parley.client.AgentHandler;
import dev.parley.client.AgentMessage;
import dev.parley.client.ParleyAgent;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a program an agent, and stays connected through the loss of the hub. */
@Command(
    name = "connect",
    mixinStandardHelpOptions = true,
    description = "Makes a program an agent; defines the agent when there is none of that name.",
    footer = {
      "",
      "The program speaks JSON lines: it gets {\"id\",\"from\",\"conversation\",\"payload\"} on",
      "standard input and writes {\"id\",\"chunk\"}, {\"id\",\"reply\"} or {\"id\",\"error\"}.",
      "With --per-message it is started once for each message instead: the message's text on",
      "standard input, the reply on standard output.",
      "",
      "Examples:",
      "  parley connect acme/worker --exec ./my-agent",
      "  parley connect acme/shouter --per-message --exec tr a-z A-Z"
    })
final class ConnectCommand implements Callable<Integer> {
  private static final int MAX_REPLY_BYTES = 512 << 10;
  private static final long PROGRAM_SECONDS = 300;

  @Spec private @Nullable CommandSpec spec;
  @Mixin private final HubOptions hub;

  @Parameters(paramLabel = "TENANT/AGENT", description = "which agent the program is")
  private String address = "";

  @Option(names = "--per-message", description = "start the program once for each message")
  private boolean perMessage;

  @Option(names = "--no-create", description = "fail when there is no such agent yet")
  private boolean noCreate;

  @Option(names = "--window", paramLabel = "<n>", description = "messages at once (8)")
  private int window = 8;

  @Option(names = "--exec", arity = "1..*", required = true, description = "the program")
  private List<String> program = List.of();

  ConnectCommand(Map<String, String> environment) {
    hub = new HubOptions(environment);
  }

  @Override
  public Integer call() throws Exception {
    String agent = AgentAddress.parse(address).agent().value();
    if (!noCreate) {
      define(agent);
    }
    if (!perMessage) {
      try (LineProgram running = new LineProgram(program)) {
        return serve(agent, running, running.ended());
      }
    }
    ExecutorService runs = Executors.newFixedThreadPool(window);
    try {
      AgentHandler handler =
          (message, context) -> CompletableFuture.supplyAsync(() -> run(message, context), runs);
      return serve(agent, handler, new CompletableFuture<>());
    } finally {
      runs.shutdownNow();
    }
  }

  private int serve(String agent, AgentHandler handler, CompletableFuture<ParleyException> program)
      throws IOException, InterruptedException {
    try (ParleyAgent connected =
        Failures.await(hub.socket().window(window).connectAgent(agent, handler))) {
      var out = Objects.requireNonNull(spec).commandLine().getOut();
      out.println("connected as " + connected.address());
      out.flush();
      CompletionStage<ParleyException> over =
          connected.ended().applyToEither(program, reason -> reason);
      throw Failures.await(over.toCompletableFuture());
    }
  }

  private void define(String agent) throws IOException, InterruptedException {
    JsonNode agents = Failures.await(hub.rest().request("agents.list", Json.object()));
    for (JsonNode known : agents.path("agents")) {
      if (known.path("id").asText().equals(agent)) {
        return;
      }
    }
    Failures.await(
        hub.rest()
            .request("agents.create", Json.object().put("name", agent).put("kind", "remote")));
  }

  private JsonNode run(AgentMessage message, AgentContext context) {
    try {
      return Json.object().put("text", output(message.text(), context));
    } catch (IOException e) {
      throw new ParleyException(ErrorCode.AGENT_FAILED, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ParleyException(ErrorCode.CANCELLED, "the agent is stopping", e);
    }
  }

  private String output(String text, AgentContext context)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    context.cancelled().thenAccept(reason -> process.destroy());
    try (var stdin = process.getOutputStream()) {
      stdin.write(text.getBytes(StandardCharsets.UTF_8));
    }
    byte[] reply = process.getInputStream().readNBytes(MAX_REPLY_BYTES + 1);
    if (reply.length > MAX_REPLY_BYTES) {
      process.destroyForcibly();
      throw new IOException("the program wrote more than %d bytes".formatted(MAX_REPLY_BYTES));
    }
    if (!process.waitFor(PROGRAM_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("the program did not end in time");
    }
    if (process.exitValue() != 0) {
      throw new IOException("the program failed with exit code " + process.exitValue());
    }
    return new String(reply, StandardCharsets.UTF_8).strip();
  }
}
