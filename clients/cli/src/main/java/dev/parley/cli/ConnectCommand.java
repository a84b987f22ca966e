package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Makes a program an agent: it is started once for each message, with the text of the message on
 * its standard input, and what it prints is the reply.
 */
@Command(
    name = "connect",
    mixinStandardHelpOptions = true,
    description = "Makes a program an agent.",
    footer = {
      "",
      "The program is started once for each message: the message's text on standard input,",
      "the reply on standard output. The key is read from PARLEY_KEY.",
      "",
      "Example:",
      "  PARLEY_KEY=prl_… parley connect acme/shouter --exec tr a-z A-Z"
    })
final class ConnectCommand implements Callable<Integer> {
  private static final int MAX_REPLY_BYTES = 512 << 10;
  private static final long PROGRAM_SECONDS = 300;

  @Parameters(paramLabel = "TENANT/AGENT", description = "which agent the program is")
  private String address = "";

  @Option(names = "--url", defaultValue = "http://127.0.0.1:8420", description = "the hub")
  private URI url = URI.create("http://127.0.0.1:8420");

  @Option(names = "--exec", arity = "1..*", required = true, description = "the program")
  private List<String> program = List.of();

  @Override
  public Integer call() throws InterruptedException {
    String key = System.getenv("PARLEY_KEY");
    if (key == null) {
      System.err.println("parley: set PARLEY_KEY to an API key of the agent's tenant");
      return 2;
    }
    Vertx vertx = Vertx.vertx();
    try {
      String agent = AgentAddress.parse(address).agent().value();
      HubSocket socket =
          HubSocket.connect(vertx, url, key, agent, (event, payload) -> {})
              .toCompletionStage()
              .toCompletableFuture()
              .get();
      socket.onDelivery(request -> handle(vertx, socket, request));
      System.out.println("connected as " + address);
      System.out.flush();
      socket.closed().toCompletionStage().toCompletableFuture().get();
      return 0;
    } catch (ParleyException refusal) {
      System.err.println("parley: " + refusal.text());
      return 1;
    } catch (ExecutionException e) {
      System.err.println("parley: " + e.getCause());
      return 1;
    } finally {
      vertx.close();
    }
  }

  private void handle(Vertx vertx, HubSocket socket, Frame.Request request) {
    if (request.params() == null) {
      return;
    }
    JsonNode payload = Json.parse("params", request.params().text()).path("payload");
    String text = payload.isTextual() ? payload.asText() : payload.path("text").asText("");
    vertx
        .executeBlocking(() -> run(text), false)
        .onSuccess(reply -> socket.answer(request.id(), Json.object().put("text", reply)))
        .onFailure(failure -> socket.fail(request.id(), String.valueOf(failure.getMessage())));
  }

  private String run(String input) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    byte[] reply = process.getInputStream().readNBytes(MAX_REPLY_BYTES);
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
