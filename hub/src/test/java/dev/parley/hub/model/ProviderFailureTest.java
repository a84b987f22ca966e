package dev.parley.hub.model;

import static dev.parley.hub.model.ProviderServer.delta;
import static dev.parley.hub.model.ProviderServer.events;
import static dev.parley.hub.model.ProviderServer.finish;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.http.HttpServerResponse;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProviderFailureTest extends LangChainFixture {
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
  void anOllamaStreamOfNonsenseIsAFailure() {
    server.then(response -> response.end("nonsense\n"));
    caller.start(provider(Vendor.OLLAMA, server.url(), RETRY), request("hello"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  private static ModelRequest withTimeout(ModelRequest r, Duration timeout) {
    return new ModelRequest(
        r.model(), r.system(), r.messages(), r.tools(), r.maxOutputTokens(), timeout);
  }

  private static void flood(HttpServerResponse response, String block) {
    response.write(block).onSuccess(written -> flood(response, block));
  }
}
