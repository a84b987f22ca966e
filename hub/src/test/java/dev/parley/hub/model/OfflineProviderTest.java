package dev.parley.hub.model;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.model.ModelMessage.AssistantTurn;
import dev.parley.hub.model.ModelMessage.ToolResult;
import dev.parley.hub.model.ModelMessage.UserText;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OfflineProviderTest {
  private static final List<ToolSpec> TOOLS =
      Stream.of("call_agent", "list_agents", "list_files", "read_file", "write_file")
          .map(name -> new ToolSpec(name, "a tool", Json.object().put("type", "object")))
          .toList();

  private static Vertx vertx;

  private final Caller caller = new Caller(vertx);
  private final OfflineProvider offline = new OfflineProvider(vertx, Duration.ZERO);

  @BeforeAll
  static void startVertx() {
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void stopVertx() {
    vertx.close().await();
  }

  @Test
  void anAnswerIsStreamedWordByWordOnTheCallersContext() {
    ModelReply reply = caller.call(offline, request("repeat 5 tick"));

    assertEquals(List.of("tick ", "tick ", "tick ", "tick ", "tick"), List.copyOf(caller.pieces));
    assertEquals("tick tick tick tick tick", reply.text());
    assertEquals(StopReason.STOP, reply.reason());
    assertEquals(List.of(), List.copyOf(caller.elsewhere));
  }

  @Test
  void eachPieceHasATurnOfItsOwnSoOthersAreServedInBetween() {
    AtomicInteger turnsOfOthers = new AtomicInteger();
    List<Integer> seen = new ArrayList<>();
    caller.start(
        offline,
        request("repeat 20 tick"),
        piece -> {
          seen.add(turnsOfOthers.get());
          caller.context.runOnContext(turn -> turnsOfOthers.incrementAndGet());
        });
    caller.reply();

    for (int i = 0; i < 20; i++) {
      assertTrue(seen.get(i) >= i - 1, "the event loop was held: " + seen);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ask globex/quotes what is a bolt? | call_agent |"
            + " {\"to\":\"globex/quotes\",\"message\":\"what is a bolt?\"}",
        "Please ask globex/quotes: a bolt? | call_agent |"
            + " {\"to\":\"globex/quotes\",\"message\":\"a bolt?\"}",
        "ask market:globex/quotes a bolt? | call_agent |"
            + " {\"to\":\"market:globex/quotes\",\"message\":\"a bolt?\"}",
        "list agents | list_agents | {}",
        "List my files. | list_files | {}",
        "read notes/a.md | read_file | {\"path\":\"notes/a.md\"}",
        "write a.md: one two | write_file | {\"path\":\"a.md\",\"content\":\"one two\"}",
        "remember the milk | read_file | {\"path\":\"notes.md\"}",
      })
  void aCommandCallsItsTool(String text, String tool, String arguments) {
    ModelReply reply = caller.call(offline, request(text));

    assertEquals(StopReason.TOOL_CALLS, reply.reason());
    assertEquals("", reply.text());
    assertEquals(1, reply.calls().size());
    assertEquals(tool, reply.calls().get(0).name());
    assertEquals(arguments, Json.write(reply.calls().get(0).arguments()));
  }

  @Test
  void theAnswerOfACalledAgentIsPassedOn() {
    assertEquals(
        "globex/quotes answered: 3 euros a piece",
        afterTool("ask globex/quotes a bolt?", "3 euros a piece", false).text());
  }

  @Test
  void aRefusedCallIsToldHonestly() {
    assertEquals(
        "globex/quotes did not answer: no channel permits this call",
        afterTool("ask globex/quotes a bolt?", "no channel permits this call", true).text());
  }

  @Test
  void rememberingKeepsTheNotesThatAreThere() {
    ModelReply reply = afterTool("remember the milk", "- the bread\n", false);

    assertEquals("write_file", reply.calls().get(0).name());
    assertEquals(
        "- the bread\n- the milk\n", reply.calls().get(0).arguments().path("content").asText());
  }

  @Test
  void rememberingAppendsWhereTheToolCan() {
    var schema = Json.object();
    schema.putObject("properties").putObject("append").put("type", "boolean");
    var tools = List.of(new ToolSpec("write_file", "writes", schema));
    ModelReply reply =
        caller.call(
            offline, Caller.request("parley-1", List.of(new UserText("remember the milk")), tools));

    assertEquals(
        "{\"path\":\"notes.md\",\"content\":\"- the milk\\n\",\"append\":true}",
        Json.write(reply.calls().get(0).arguments()));
  }

  @Test
  void aToolThatWasNotGivenIsNotCalled() {
    ModelReply reply = caller.call(offline, Caller.request("parley-1", "list agents"));

    assertEquals(List.of(), reply.calls());
    assertTrue(reply.text().contains("list_agents"), reply.text());
  }

  @ParameterizedTest
  @CsvSource({"hello, 'Name: Nova'", "good morning!, '# Nova'", "what is 2+2?, '**Name:** Nova'"})
  void itNamesItsPersonaAndSaysWhatItIs(String text, String system) {
    ModelReply reply =
        caller.call(offline, withSystem(request(text), "Be kind.\n" + system + "\n"));

    assertTrue(reply.text().contains("I am Nova"), reply.text());
    assertTrue(reply.text().contains("offline model"), reply.text());
    assertTrue(reply.text().contains("no knowledge"), reply.text());
    assertTrue(reply.text().contains("parley providers set openai"), reply.text());
  }

  @Test
  void anythingElseIsEchoedAndEarlierTurnsAreCounted() {
    List<ModelMessage> talk =
        List.of(
            new UserText("hi"),
            new AssistantTurn("Hello!", List.of()),
            new UserText("the sky is green"));
    ModelReply reply = caller.call(offline, Caller.request("parley-1", talk, TOOLS));

    assertTrue(reply.text().contains("\"the sky is green\""), reply.text());
    assertTrue(reply.text().contains("1 earlier turn."), reply.text());
  }

  @Test
  void theSameRequestGetsTheSameAnswer() {
    ModelReply once = caller.call(offline, request("tell me a story"));
    ModelReply twice = new Caller(vertx).call(offline, request("tell me a story"));

    assertEquals(once, twice);
  }

  @Test
  void usageIsTheTokensOfThePromptAndOfWhatWasStreamed() {
    ModelRequest request = Caller.request("parley-1", "repeat 7 tick");
    ModelReply reply = caller.call(offline, request);

    assertEquals(new TokenUsage(3, 7, true), reply.usage());
    assertEquals(3, offline.promptTokensAtMost(request));
  }

  @Test
  void theTokenLimitEndsAnAnswer() {
    ModelReply reply = caller.call(offline, withLimit(request("repeat 500 tick"), 10));

    assertEquals(StopReason.LENGTH, reply.reason());
    assertEquals(10, reply.usage().output());
    assertEquals("tick ".repeat(10), reply.text());
  }

  @Test
  void aToolCallBeyondTheTokenLimitIsNotMade() {
    ModelReply reply = caller.call(offline, withLimit(request("ask a/b " + "why ".repeat(50)), 10));

    assertEquals(StopReason.LENGTH, reply.reason());
    assertEquals(List.of(), reply.calls());
    assertEquals(10, reply.usage().output());
  }

  @Test
  void nothingIsStreamedAfterCancel() {
    OfflineProvider paced = new OfflineProvider(vertx, Duration.ofMillis(20));
    ModelRun run = caller.start(paced, request("repeat 100 tick"));
    await().until(() -> caller.pieces.size() > 3);
    run.cancel();

    assertEquals(ErrorCode.CANCELLED, caller.failure().code());
    int streamed = caller.pieces.size();
    assertTrue(streamed < 100, "it was not cancelled in flight");
    assertEquals(streamed, run.used().output(), "what was used until then is known");
    caller.context.owner().timer(50).await();
    assertEquals(streamed, caller.pieces.size());
  }

  @Test
  void cancellingFromInsideTheStreamStopsItAtOnce() {
    caller.start(
        offline,
        request("repeat 100 tick"),
        piece -> {
          if (caller.pieces.size() == 2) {
            caller.running().cancel();
          }
        });

    assertEquals(ErrorCode.CANCELLED, caller.failure().code());
    assertEquals(2, caller.pieces.size());
  }

  @Test
  void aPacedAnswerEndsAtItsTimeout() {
    OfflineProvider slow = new OfflineProvider(vertx, Duration.ofSeconds(1));
    ModelRequest request =
        new ModelRequest(
            "parley-1",
            "",
            List.of(new UserText("repeat 2 tick")),
            List.of(),
            100,
            Duration.ofMillis(50));
    caller.start(slow, request);

    assertEquals(ErrorCode.DEADLINE_EXCEEDED, caller.failure().code());
    assertEquals(List.of("tick "), List.copyOf(caller.pieces));
  }

  @Test
  void failFailsAsAModelWould() {
    caller.start(offline, request("fail"));

    assertEquals(ErrorCode.AGENT_FAILED, caller.failure().code());
  }

  @Test
  void aReaderThatThrowsEndsTheRun() {
    ModelRun run =
        caller.start(
            offline,
            request("repeat 100 tick"),
            piece -> {
              throw new IllegalStateException("the socket is gone");
            });

    assertEquals(ErrorCode.INTERNAL, caller.failure().code());
    assertEquals(1, caller.pieces.size());
    assertFalse(run.reply().succeeded());
  }

  @Test
  void anUnknownModelIsRefused() {
    caller.start(offline, Caller.request("parley-9", "hello"));

    assertEquals(ErrorCode.INVALID_REQUEST, caller.failure().code());
  }

  @Test
  void pacingIsBounded() {
    assertThrows(ParleyException.class, () -> new OfflineProvider(vertx, Duration.ofMillis(1001)));
    assertThrows(ParleyException.class, () -> new OfflineProvider(vertx, Duration.ofMillis(-1)));
  }

  private ModelReply afterTool(String text, String content, boolean failed) {
    ModelReply call = new Caller(vertx).call(offline, request(text));
    ToolCall made = call.calls().get(0);
    List<ModelMessage> talk =
        List.of(
            new UserText(text),
            new AssistantTurn(call.text(), call.calls()),
            new ToolResult(made.id(), made.name(), content, failed));
    return caller.call(offline, Caller.request("parley-1", talk, TOOLS));
  }

  private static ModelRequest request(String text) {
    return Caller.request("parley-1", List.of(new UserText(text)), TOOLS);
  }

  private static ModelRequest withSystem(ModelRequest r, String system) {
    return new ModelRequest(
        r.model(), system, r.messages(), r.tools(), r.maxOutputTokens(), r.timeout());
  }

  private static ModelRequest withLimit(ModelRequest r, int tokens) {
    return new ModelRequest(r.model(), r.system(), r.messages(), r.tools(), tokens, r.timeout());
  }
}
