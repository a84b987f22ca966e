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
import dev.parley.protocol.frame.Json;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LangChainProviderTest extends LangChainFixture {
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

  private static void dribble(HttpServerResponse response, byte[] stream, int at) {
    if (at == stream.length) {
      response.end();
      return;
    }
    response
        .write(io.vertx.core.buffer.Buffer.buffer(new byte[] {stream[at]}))
        .onSuccess(written -> dribble(response, stream, at + 1));
  }
}
