package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.Hub;
import dev.parley.hub.settings.Settings;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * The main job end to end on a hub of its own: two tenants, chat, a channel, an external process as
 * an agent, the marketplace, refusals and the bill. Every step checks what it shows.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = "Shows two tenants' agents at work on a hub of its own, and what it cost them.")
final class DemoCommand implements Callable<Integer> {
  private static final long STEP_SECONDS = 20;

  private final boolean colours = Boolean.getBoolean("parley.colours");
  private final HttpClient http = HttpClient.newHttpClient();
  private URI url = URI.create("http://127.0.0.1");
  private long stepStarted;
  private int steps;

  @Override
  public Integer call() throws IOException {
    Path data = Files.createTempDirectory("parley-demo");
    Vertx vertx = Vertx.vertx();
    try {
      Settings settings =
          Settings.of(
              Map.of("port", "0", "data", data.toString(), "offline-pacing-ms", "5"), Map.of());
      step("Start a hub with a Redis of its own");
      Hub hub = await(Hub.start(vertx, settings, Map.of()));
      url = URI.create("http://127.0.0.1:" + hub.port());
      done("listening on " + url + ", Redis at " + hub.storeLocation());
      try {
        story(vertx);
      } finally {
        await(hub.close());
      }
      System.out.println(paint("32", "\nEvery one of the " + steps + " steps did what it says."));
      return 0;
    } catch (ParleyException refusal) {
      System.err.println("parley demo: step %d failed: %s".formatted(steps, refusal.text()));
      return 1;
    } finally {
      vertx.close();
      deleteAll(data);
    }
  }

  private void story(Vertx vertx) throws IOException {
    step("Two strangers sign up");
    String acme = signUp("acme");
    String globex = signUp("globex");
    done("acme and globex, each with an owner key and a first agent, main");

    ChatPrinter acmeChat = new ChatPrinter();
    ChatPrinter globexChat = new ChatPrinter();
    HubSocket a = await(HubSocket.connect(vertx, url, acme, null, acmeChat::on));
    HubSocket g = await(HubSocket.connect(vertx, url, globex, null, globexChat::on));

    step("Each chats with its own agent over WebSocket");
    expect(chat(a, acmeChat, "hello"), "offline", "the model says that it is offline");
    chat(g, globexChat, "write price.txt: 42 cents");
    done("both answered, streamed word by word");

    step("acme's agent asks globex's agent, and nobody has agreed to that");
    expectRefused(a.request("agent.call", callTo("globex/main", "hello")), ErrorCode.NOT_FOUND);
    String refused = chat(a, acmeChat, "ask globex/main read price.txt");
    expect(refused, "not found", "the agent reports the refusal");
    done("refused, and the answer does not say whether globex/main exists");

    step("globex proposes a channel, acme accepts");
    ObjectNode proposal = Json.object().put("from", "acme").put("to", "globex/main");
    JsonNode channel =
        await(g.request("channel.propose", proposal.put("purpose", "prices"))).path("channel");
    String channelId = channel.path("id").asText();
    await(a.request("channel.accept", Json.object().put("id", channelId)));
    done(channelId);

    step("Now acme's agent may ask");
    String answer = chat(a, acmeChat, "ask globex/main read price.txt");
    expect(answer, "42 cents", "the answer has globex's price");
    done("both agents ran, across the tenants");

    step("globex connects an external process as an agent");
    await(g.request("agents.create", Json.object().put("name", "shouter").put("kind", "remote")));
    Process process = connect("globex/shouter", globex);
    try {
      publishAndInstall(vertx, g, a);
      revokeAndBill(a, channelId, acme, globex);
    } finally {
      process.destroy();
      a.close();
      g.close();
    }
  }

  private void publishAndInstall(Vertx vertx, HubSocket g, HubSocket a) {
    done("tr a-z A-Z, run by parley connect in a process of its own");

    step("globex publishes it on the marketplace for 250 millicents a call");
    ObjectNode listing = Json.object().put("name", "shout").put("agent", "shouter");
    listing.putObject("price").put("unit", "call").put("millicents", 250);
    await(g.request("market.publish", listing.put("description", "Says it louder")));
    JsonNode found = await(a.request("market.search", Json.object().put("query", "louder")));
    expect(found.path("listings").path(0).path("id").asText(), "market:globex/shout", "search");
    done("market:globex/shout, found by searching for «louder»");

    step("A third tenant, initech, installs it and calls it");
    String initech = signUp("initech");
    HubSocket i = await(HubSocket.connect(vertx, url, initech, null, (event, payload) -> {}));
    expectRefused(
        i.request("agent.call", callTo("market:globex/shout", "hello")), ErrorCode.NOT_FOUND);
    await(i.request("market.install", Json.object().put("listing", "market:globex/shout")));
    JsonNode reply = await(i.request("agent.call", callTo("market:globex/shout", "hello")));
    expect(reply.path("payload").path("text").asText(), "HELLO", "the process's reply");
    bill("initech", await(i.request("usage.get", Json.object())), "spentMillicents", 250);
    i.close();
    done("HELLO, for 250 millicents; before the install the call was refused");
  }

  private void revokeAndBill(HubSocket a, String channelId, String acme, String globex) {
    step("acme revokes the channel");
    await(a.request("channel.revoke", Json.object().put("id", channelId)));
    expectRefused(a.request("agent.call", callTo("globex/main", "hello")), ErrorCode.NOT_FOUND);
    done("the next call is refused");

    step("A wrong key, and another tenant's agent, get nothing");
    expect(get("/v1/usage", acme + "x").path("error").path("code").asText(), "unauthorized", "");
    expect(
        get("/v1/agents/shouter/files", acme).path("error").path("code").asText(), "not_found", "");
    done("unauthorized, and not_found");

    step("What each tenant used");
    show("acme", get("/v1/usage", acme));
    show("globex", get("/v1/usage", globex));
    bill("globex", get("/v1/usage", globex), "earnedMillicents", 250);
    done("the seller earned what the buyer paid");
  }

  private Process connect(String address, String key) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ParleyCommand.class.getName(),
            "connect",
            address,
            "--per-message",
            "--url",
            url.toString(),
            "--exec",
            "tr",
            "a-z",
            "A-Z");
    builder.environment().put("PARLEY_KEY", key);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    String line = process.inputReader().readLine();
    if (line == null || !line.startsWith("connected")) {
      process.destroy();
      throw failed("the external process did not connect: " + line);
    }
    return process;
  }

  private String chat(HubSocket socket, ChatPrinter printer, String message) {
    System.out.println(paint("36", "  you: " + message));
    CompletableFuture<String> reply = printer.nextReply();
    ObjectNode params = Json.object().put("sessionKey", "main").put("message", message);
    await(socket.request("chat.send", params.put("idempotencyKey", UUID.randomUUID().toString())));
    return await(Future.fromCompletionStage(reply));
  }

  private static ObjectNode callTo(String to, String text) {
    ObjectNode params = Json.object().put("to", to).put("timeoutMs", 10_000);
    params.putObject("payload").put("text", text);
    return params;
  }

  private String signUp(String tenant) {
    JsonNode made =
        send(
            HttpRequest.newBuilder(url.resolve("/v1/signup"))
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        Json.write(Json.object().put("tenant", tenant)))));
    return made.path("secret").asText();
  }

  private JsonNode get(String path, String key) {
    return send(HttpRequest.newBuilder(url.resolve(path)).header("Authorization", "Bearer " + key));
  }

  private JsonNode send(HttpRequest.Builder request) {
    try {
      String body = http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
      return Json.parse("body", body);
    } catch (IOException e) {
      throw failed(e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("interrupted");
    }
  }

  private void expectRefused(Future<JsonNode> call, ErrorCode code) {
    try {
      await(call);
    } catch (ParleyException refusal) {
      if (refusal.code() == code) {
        System.out.println(paint("33", "  refused: " + refusal.text()));
        return;
      }
      throw refusal;
    }
    throw failed("it was not refused");
  }

  private static void expect(String text, String part, String what) {
    if (!text.contains(part)) {
      throw failed("%s: expected «%s» in «%s»".formatted(what, part, text));
    }
  }

  private static void bill(String tenant, JsonNode report, String field, long millicents) {
    long booked = report.path("days").path(0).path("total").path(field).asLong();
    if (booked != millicents) {
      throw failed("%s's ledger says %s %d, not %d".formatted(tenant, field, booked, millicents));
    }
  }

  private static void show(String tenant, JsonNode report) {
    JsonNode total = report.path("days").path(0).path("total");
    System.out.printf(
        "  %-8s calls %d, handled %d, refused %d, tokens %d in %d out, spent %d, earned %d mc%n",
        tenant,
        total.path("calls").asLong(),
        total.path("handled").asLong(),
        total.path("refused").asLong(),
        total.path("inputTokens").asLong(),
        total.path("outputTokens").asLong(),
        total.path("spentMillicents").asLong(),
        total.path("earnedMillicents").asLong());
  }

  private void step(String title) {
    stepStarted = System.nanoTime();
    System.out.println(paint("1", "\n%d. %s".formatted(++steps, title)));
  }

  private void done(String what) {
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - stepStarted);
    System.out.println("  " + what + paint("2", "  (" + millis + " ms)"));
  }

  private String paint(String code, String text) {
    return colours ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(STEP_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ParleyException known
          ? known
          : failed(String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      throw failed("no answer within " + STEP_SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("interrupted");
    }
  }

  private static ParleyException failed(String why) {
    return new ParleyException(ErrorCode.INTERNAL, why);
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
