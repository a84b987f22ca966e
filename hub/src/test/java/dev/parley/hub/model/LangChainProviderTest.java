package dev.parley.hub.model;

import static dev.parley.hub.model.ProviderServer.delta;
import static dev.parley.hub.model.ProviderServer.events;
import static dev.parley.hub.model.ProviderServer.finish;
import static dev.parley.hub.model.ProviderServer.usage;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServerResponse;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LangChainProviderTest {
  private static final String KEY = "sk-parley-0123456789abcdef";
  private static final Retry RETRY = new Retry(3, Duration.ofMillis(5), Duration.ofMillis(1500));

  private static Vertx vertx;
  private static HttpClient client;

  private final ProviderServer server = new ProviderServer(vertx);
  private final Caller caller = new Caller(vertx);
  private final LangChainProvider openAi = provider(Vendor.OPENAI, server.url(), RETRY);

  @BeforeAll
  static void start() {
    vertx = Vertx.vertx();
    client = LangChainProvider.httpClient(vertx, 8);
    LangChainWarmUp.run();
    loadClasses();
  }

  /** So that the short timeouts below measure the provider and not the class loader. */
  private static void loadClasses() {
    try (ProviderServer server = new ProviderServer(vertx)) {
      server.thenStatus(400, "").thenEvents(delta("a"), finish("stop"), "[DONE]");
      LangChainProvider provider = provider(Vendor.OPENAI, server.url(), RETRY);
      ModelRun refused = new Caller(vertx).start(provider, request("hello"));
      refused.reply().transform(any -> Future.succeededFuture()).await();
      new Caller(vertx).call(provider, request("hello"));
    }
  }

  @AfterAll
  static void stop() {
    vertx.close().await();
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void textIsStreamedOnTheCallersContextAndUsageIsTheProviders() {
    server.thenEvents(
        delta("Good "), delta("day, "), delta("Zoë"), finish("stop"), usage(12, 4), "[DONE]");
    ModelRun run = caller.start(openAi, request("hello"));
    ModelReply reply = caller.reply();

    assertEquals(List.of("Good ", "day, ", "Zoë"), List.copyOf(caller.pieces));
    assertEquals("Good day, Zoë", reply.text());
    assertEquals(new TokenUsage(12, 4, true), reply.usage());
    assertEquals(reply.usage(), run.used());
    assertEquals(StopReason.STOP, reply.reason());
    assertEquals(List.of(), List.copyOf(caller.elsewhere));
    assertEquals(List.of("Bearer " + KEY), List.copyOf(server.credentials));
    assertEquals(List.of("POST /chat/completions"), List.copyOf(server.requests));
  }

  @Test
  void eventsArriveWholeHoweverTheNetworkCutsThem() {
    byte[] stream =
        (events(delta("naïve "), delta("😀")).replace("\n", "\r\n")
                + events(finish("stop"), "[DONE]"))
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    server.then(response -> dribble(response, stream, 0));
    ModelReply reply = caller.call(openAi, request("hello"));

    assertEquals("naïve 😀", reply.text());
    assertEquals(List.of("naïve ", "😀"), List.copyOf(caller.pieces));
  }

  @Test
  void aToolCallInPiecesIsPutTogether() {
    server.thenEvents(
        toolDelta(
            "{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"call_agent\",\"arguments\":\"\"}}"),
        toolDelta("{\"index\":0,\"function\":{\"arguments\":\"{\\\"to\\\":\\\"globex\"}}"),
        toolDelta("{\"index\":0,\"function\":{\"arguments\":\"/quotes\\\"}\"}}"),
        toolDelta(
            "{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"list_files\",\"arguments\":\"{}\"}}"),
        finish("tool_calls"),
        usage(20, 9),
        "[DONE]");
    ModelReply reply = caller.call(openAi, request("hello"));

    assertEquals(StopReason.TOOL_CALLS, reply.reason());
    assertEquals(
        List.of(
            new ToolCall("c1", "call_agent", Json.object().put("to", "globex/quotes")),
            new ToolCall("c2", "list_files", Json.object())),
        reply.calls());
  }

  @Test
  void toolsAndTheirResultsReachTheProviderAsTheyAre() {
    var parameters =
        Json.parseObject(
            "schema",
            """
            {"type":"object","required":["to"],
             "properties":{"to":{"type":"string","pattern":"^[a-z/]+$"}}}""");
    ToolCall call = new ToolCall("c1", "call_agent", Json.object().put("to", "globex/quotes"));
    server.thenEvents(delta("ok"), finish("stop"), "[DONE]");
    caller.call(
        openAi,
        new ModelRequest(
            "gpt-x",
            "Be kind.",
            List.of(
                new UserText("ask"),
                new AssistantTurn("", List.of(call)),
                new ToolResult("c1", "call_agent", "", true)),
            List.of(new ToolSpec("call_agent", "Calls an agent", parameters)),
            77,
            Duration.ofSeconds(10)));

    var sent = server.body();
    assertEquals("gpt-x", sent.path("model").asText());
    assertEquals(77, sent.path("max_tokens").asInt());
    assertTrue(sent.path("stream").asBoolean());
    assertTrue(sent.at("/stream_options/include_usage").asBoolean());
    assertEquals("Be kind.", sent.at("/messages/0/content").asText());
    assertEquals("c1", sent.at("/messages/2/tool_calls/0/id").asText());
    assertEquals("c1", sent.at("/messages/3/tool_call_id").asText());
    assertEquals(parameters.path("properties"), sent.at("/tools/0/function/parameters/properties"));
    assertEquals(parameters.path("required"), sent.at("/tools/0/function/parameters/required"));
  }

  @Test
  void usageThatIsNotReportedIsCountedAndNeverTooLow() {
    server.thenEvents(delta("four words are here"), finish("stop"), "[DONE]");
    ModelRequest request = request("hello");
    ModelReply reply = caller.call(openAi, request);

    assertFalse(reply.usage().reported());
    assertEquals(TokenEstimate.of(request), reply.usage().input());
    assertEquals("four words are here".length(), reply.usage().output());
  }

  @Test
  void usageBeyondWhatWasAskedForIsNotBelieved() {
    server.thenEvents(delta("hi"), finish("stop"), usage(1_000_000, 1_000_000), "[DONE]");
    ModelRequest request = request("hello");
    ModelReply reply = caller.call(openAi, request);

    assertFalse(reply.usage().reported());
    assertEquals(TokenEstimate.of(request), reply.usage().input());
    assertTrue(reply.usage().output() <= request.maxOutputTokens());
  }

  @Test
  void theTokenLimitOfTheProviderIsTold() {
    server.thenEvents(delta("half a"), finish("length"), "[DONE]");

    assertEquals(StopReason.LENGTH, caller.call(openAi, request("hello")).reason());
  }

  @Test
  void aBusyProviderIsAskedAgain() {
    server
        .thenStatus(429, "{\"error\":{\"message\":\"slow down\"}}")
        .thenStatus(503, "")
        .thenEvents(delta("here"), finish("stop"), "[DONE]");

    assertEquals("here", caller.call(openAi, request("hello")).text());
    assertEquals(3, server.requests.size());
  }

  @ParameterizedTest
  @CsvSource({"500, UNAVAILABLE", "503, UNAVAILABLE", "529, UNAVAILABLE", "429, RATE_LIMITED"})
  void aProviderThatStaysOutOfOrderIsGivenUp(int status, ErrorCode code) {
    server.thenStatus(status, "");
    ModelRun run = caller.start(openAi, request("hello"));

    assertEquals(code, caller.failure().code());
    assertEquals(3, server.requests.size());
    assertEquals(TokenUsage.NONE, run.used());
  }

  @Test
  void theProvidersOwnPauseIsKept() {
    server
        .then(r -> r.setStatusCode(429).putHeader("Retry-After", "1").end())
        .thenEvents(delta("here"), finish("stop"), "[DONE]");
    long start = System.nanoTime();
    caller.call(openAi, request("hello"));

    assertTrue(System.nanoTime() - start >= 1_000_000_000L, "it was asked again too soon");
  }

  @Test
  void aPauseTooLongIsToldToTheCaller() {
    server.then(r -> r.setStatusCode(429).putHeader("Retry-After", "3600").end());
    caller.start(openAi, request("hello"));

    assertEquals(3_600_000, caller.failure().retryAfterMs());
    assertEquals(1, server.requests.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 422, 302})
  void aRefusalIsNotRepeatedAndNeverShowsTheKey(int status) {
    server.then(
        response ->
            response
                .setStatusCode(status)
                .putHeader("Location", "/elsewhere")
                .end("{\"error\":{\"message\":\"Incorrect key provided: Bearer " + KEY + "\"}}"));
    caller.start(openAi, request("hello"));
    ParleyException failure = caller.failure();

    assertEquals(ErrorCode.AGENT_FAILED, failure.code());
    assertEquals(1, server.requests.size());
    assertEquals(status, failure.details().get("status"));
    assertFalse((failure + " " + failure.details()).contains("0123456789"), failure.text());
    assertEquals(null, failure.getCause());
  }

  @Test
  void theProvidersReasonIsShown() {
    server.thenStatus(400, "{\"error\":{\"message\":\"the context is too long\"}}");
    caller.start(openAi, request("hello"));

    assertTrue(caller.failure().text().contains("the context is too long"));
  }

  @Test
  void aProviderThatHangsEndsAtTheTimeout() {
    server.then(response -> {});
    ModelRequest request = withTimeout(request("hello"), Duration.ofMillis(500));
    ModelRun run = caller.start(openAi, request);

    assertEquals(ErrorCode.DEADLINE_EXCEEDED, caller.failure().code());
    assertEquals(TokenEstimate.of(request), run.used().input(), "the prompt may be charged");
    await().until(() -> server.cutByClient.get() == 1);
  }

  @Test
  void aStreamThatStopsEndsAtTheTimeout() {
    server.then(response -> response.write(events(delta("once upon"))));
    caller.start(openAi, withTimeout(request("hello"), Duration.ofSeconds(3)));

    assertEquals(ErrorCode.DEADLINE_EXCEEDED, caller.failure().code());
    assertEquals(List.of("once upon"), List.copyOf(caller.pieces));
  }

  @Test
  void aCutStreamIsAFailureAndIsNotRepeated() {
    server.then(response -> response.write(events(delta("once"))).onSuccess(v -> response.reset()));
    ModelRun run = caller.start(openAi, request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
    assertEquals(1, server.requests.size());
    assertEquals(4, run.used().output());
  }

  @Test
  void aStreamThatEndsEarlyIsAFailureToo() {
    server.then(response -> response.end(events(delta("once upon"))));
    caller.start(openAi, request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  @Test
  void anErrorInsideTheStreamIsAFailure() {
    server.thenEvents(delta("once"), "{\"error\":{\"message\":\"overloaded\"}}");
    caller.start(openAi, request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{not json", "[]", "\"text\"", "<html>"})
  void nonsenseInTheStreamIsAFailure(String nonsense) {
    server.thenEvents(delta("once"), nonsense, finish("stop"), "[DONE]");
    caller.start(openAi, request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  @Test
  void argumentsThatAreNoObjectAreAFailure() {
    server.thenEvents(
        toolDelta("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"x\",\"arguments\":\"[1\"}}"),
        finish("tool_calls"),
        "[DONE]");
    caller.start(openAi, request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  @Test
  void anEndlessEventIsCut() {
    String block = "x".repeat(64 << 10);
    server.then(response -> flood(response, block));
    caller.start(openAi, request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
    await().until(() -> server.cutByClient.get() == 1);
  }

  @Test
  void cancelClosesTheConnectionAndNothingIsStreamedAfterwards() {
    server.then(
        response ->
            vertx.setPeriodic(
                10,
                timer -> {
                  if (response.closed()) {
                    vertx.cancelTimer(timer);
                  } else {
                    response.write(events(delta("tick ")));
                  }
                }));
    ModelRun run = caller.start(openAi, request("hello"));
    await().until(() -> caller.pieces.size() >= 2);
    run.cancel();

    assertEquals(ErrorCode.CANCELLED, caller.failure().code());
    int streamed = caller.pieces.size();
    await().until(() -> server.cutByClient.get() == 1);
    assertEquals(streamed, caller.pieces.size());
    assertEquals(streamed * 5L, run.used().output());
  }

  @Test
  void cancelBeforeTheFirstByteClosesTheConnectionToo() {
    server.then(response -> {});
    ModelRun run = caller.start(openAi, request("hello"));
    await().until(() -> server.bodies.size() == 1);
    run.cancel();

    assertEquals(ErrorCode.CANCELLED, caller.failure().code());
    await().until(() -> server.cutByClient.get() == 1);
  }

  @Test
  void cancelStopsWaitingForAnotherAttempt() {
    server.then(r -> r.setStatusCode(429).putHeader("Retry-After", "1").end());
    ModelRun run = caller.start(openAi, request("hello"));
    await().until(() -> server.requests.size() == 1);
    run.cancel();

    assertEquals(ErrorCode.CANCELLED, caller.failure().code());
    vertx.timer(1200).await();
    assertEquals(1, server.requests.size());
  }

  @Test
  void nobodyListeningIsUnavailable() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    caller.start(provider(Vendor.OPENAI, "http://127.0.0.1:" + port, RETRY), request("hello"));
    ParleyException failure = caller.failure();

    assertEquals(ErrorCode.UNAVAILABLE, failure.code());
    assertTrue(failure.text().contains("connection refused"), failure.text());
  }

  @Test
  void connectionsAreUsedAgain() {
    server.thenEvents(delta("a"), finish("stop"), "[DONE]");
    for (int i = 0; i < 20; i++) {
      new Caller(vertx).call(openAi, request("hello"));
    }

    assertEquals(0, server.cutByClient.get());
  }

  @Test
  void anthropicIsSpoken() {
    server.then(
        response ->
            response.end(
                named(
                        "message_start",
                        "{\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":11,\"output_tokens\":1,\"cache_read_input_tokens\":5}}}")
                    + named(
                        "content_block_start",
                        "{\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}")
                    + named(
                        "content_block_delta",
                        "{\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Asking\"}}")
                    + named("content_block_stop", "{\"index\":0}")
                    + named(
                        "content_block_start",
                        "{\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"tu\",\"name\":\"read_file\",\"input\":{}}}")
                    + named(
                        "content_block_delta",
                        "{\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"path\\\":\"}}")
                    + named(
                        "content_block_delta",
                        "{\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\"a.md\\\"}\"}}")
                    + named("content_block_stop", "{\"index\":1}")
                    + named(
                        "message_delta",
                        "{\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":8}}")
                    + named("message_stop", "{}")));
    ModelReply reply =
        caller.call(provider(Vendor.ANTHROPIC, server.url() + "/v1", RETRY), request("hello"));

    assertEquals("Asking", reply.text());
    assertEquals(
        List.of(new ToolCall("tu", "read_file", Json.object().put("path", "a.md"))), reply.calls());
    assertEquals(new TokenUsage(16, 8, true), reply.usage());
    assertEquals(List.of("POST /v1/messages"), List.copyOf(server.requests));
    assertEquals(List.of(KEY), List.copyOf(server.credentials));
    assertEquals(1000, server.body().path("max_tokens").asInt());
    assertEquals("gpt-x", server.body().path("model").asText());
  }

  @Test
  void anAnthropicStreamThatEndsEarlyIsAFailure() {
    server.then(
        response ->
            response.end(
                named(
                    "content_block_start",
                    "{\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"Once\"}}")));
    caller.start(provider(Vendor.ANTHROPIC, server.url(), RETRY), request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  @Test
  void ollamaIsSpoken() {
    server.then(
        response -> {
          response.write(
              "{\"model\":\"x\",\"message\":{\"role\":\"assistant\",\"content\":\"Hel\"},\"done\":false}\n{\"model\":\"x\",\"mess");
          response.write("age\":{\"role\":\"assistant\",\"content\":\"lo\"},\"done\":false}\n");
          response.end(
              "{\"model\":\"x\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":7,\"eval_count\":2}\n");
        });
    ModelReply reply = caller.call(provider(Vendor.OLLAMA, server.url(), RETRY), request("hello"));

    assertEquals("Hello", reply.text());
    assertEquals(List.of("Hel", "lo"), List.copyOf(caller.pieces));
    assertEquals(new TokenUsage(7, 2, true), reply.usage());
    assertEquals(List.of("POST /api/chat"), List.copyOf(server.requests));
    assertEquals(1000, server.body().at("/options/num_predict").asInt());
  }

  @Test
  void anOllamaStreamOfNonsenseIsAFailure() {
    server.then(response -> response.end("nonsense\n"));
    caller.start(provider(Vendor.OLLAMA, server.url(), RETRY), request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  private static LangChainProvider provider(Vendor vendor, String url, Retry retry) {
    return new LangChainProvider(
        vertx, client, new ProviderEndpoint(vendor, url, KEY), retry, null);
  }

  private static ModelRequest request(String text) {
    return Caller.request("gpt-x", text);
  }

  private static ModelRequest withTimeout(ModelRequest r, Duration timeout) {
    return new ModelRequest(
        r.model(), r.system(), r.messages(), r.tools(), r.maxOutputTokens(), timeout);
  }

  private static String toolDelta(String call) {
    return "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[" + call + "]}}]}";
  }

  private static String named(String event, String data) {
    return "event: " + event + "\ndata: " + data + "\n\n";
  }

  private static void dribble(HttpServerResponse response, byte[] stream, int at) {
    if (at == stream.length) {
      response.end();
      return;
    }
    response
        .write(io.vertx.core.buffer.Buffer.buffer(new byte[] {stream[at]}))
        .onSuccess(written -> dribble(response, stream, at + 1));
  }

  private static void flood(HttpServerResponse response, String block) {
    response.write(block).onSuccess(written -> flood(response, block));
  }
}
