package dev.parley.hub.agent;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.model.ProviderServer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs of hosted agents on a provider that does not behave. */
class ProviderRunTest {
  private static final String ASKS_FOR_A_TOOL =
      "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":"
          + "\"function\",\"function\":{\"name\":\"list_files\",\"arguments\":\"{}\"}}]}}]}";
  private static final int MOST_ROUNDS = HostedSettings.defaults().maxToolRounds();

  @RegisterExtension static final HubExtension HUB = HubExtension.with("private-providers", "true");

  private ProviderServer provider;
  private Member owner;
  private Peer person;

  @BeforeEach
  void connect() {
    provider = new ProviderServer(HUB.vertx());
    owner = HUB.signUp();
    HUB.succeed(
        "PUT",
        "/v1/providers/openai",
        owner.key(),
        Json.object().put("apiKey", "sk-test").put("baseUrl", provider.url()));
    HUB.succeed("PATCH", "/v1/agents/main", owner.key(), Json.object().put("model", "openai/any"));
    person = HUB.connect(owner.key());
  }

  @AfterEach
  void disconnect() {
    person.close();
    provider.close();
  }

  private void say(String message) {
    ObjectNode params = Json.object().put("sessionKey", "main").put("message", message);
    person.succeed("chat.send", params.put("idempotencyKey", message));
  }

  private JsonNode end() {
    JsonNode event = person.event("chat");
    while (event.path("state").asText().equals("delta")) {
      event = person.event("chat");
    }
    return event;
  }

  private List<JsonNode> history() {
    List<JsonNode> rows = new ArrayList<>();
    person
        .succeed("chat.history", Json.object().put("sessionKey", "main"))
        .path("messages")
        .forEach(rows::add);
    return rows;
  }

  private JsonNode usedToday() {
    return HUB.get("/v1/usage", owner.key()).body().at("/days/0/total");
  }

  @Test
  void aModelThatAsksForToolsWithoutEndIsStoppedAndItsTokensAreBooked() {
    provider.thenEvents(
        ASKS_FOR_A_TOOL,
        ProviderServer.finish("tool_calls"),
        ProviderServer.usage(10, 2),
        "[DONE]");
    say("go");
    JsonNode end = end();
    assertEquals("error", end.path("state").asText(), end.toString());
    assertTrue(
        end.path("errorMessage").asText().contains("more than %d times".formatted(MOST_ROUNDS)),
        end.toString());
    assertEquals(MOST_ROUNDS + 1, provider.bodies.size());
    List<ObjectNode> asked = List.copyOf(provider.bodies);
    assertTrue(asked.get(0).has("tools"));
    assertFalse(asked.get(MOST_ROUNDS).has("tools"), "the last time it is offered none");
    assertEquals(10L * (MOST_ROUNDS + 1), usedToday().path("inputTokens").asLong());
    assertEquals(2L * (MOST_ROUNDS + 1), usedToday().path("outputTokens").asLong());
  }

  @Test
  void aModelThatAnswersWhenItIsOfferedNoMoreToolsIsHeard() {
    for (int i = 0; i < MOST_ROUNDS; i++) {
      provider.thenEvents(ASKS_FOR_A_TOOL, ProviderServer.finish("tool_calls"), "[DONE]");
    }
    provider.thenEvents(ProviderServer.delta("done"), ProviderServer.finish("stop"), "[DONE]");
    say("go");
    JsonNode end = end();
    assertEquals("final", end.path("state").asText(), end.toString());
    assertTrue(end.toString().contains("done"));
  }

  @Test
  void whatAProviderSaidBeforeItFailedInMidStreamIsKeptAndTheRunFails() {
    provider.then(
        response -> {
          response.write(ProviderServer.events(ProviderServer.delta("half an ")));
          response
              .write(ProviderServer.events(ProviderServer.delta("answer")))
              .onComplete(written -> HUB.vertx().setTimer(100, later -> response.reset()));
        });
    provider.thenEvents(ProviderServer.delta("well"), ProviderServer.finish("stop"), "[DONE]");
    say("go");
    JsonNode end = end();
    assertEquals("error", end.path("state").asText(), end.toString());
    List<JsonNode> rows = history();
    assertEquals(2, rows.size(), rows.toString());
    assertTrue(rows.get(1).toString().contains("half an answer"), rows.toString());
    assertEquals("error", rows.get(1).path("stopReason").asText(), rows.toString());
    assertTrue(usedToday().path("outputTokens").asLong() > 0, "what came is booked");

    say("again");
    assertEquals("final", end().path("state").asText(), "the session goes on");
  }

  @Test
  void aRunThatIsStoppedHangsUpOnItsProviderAndKeepsWhatItHad() {
    provider.then(
        response -> response.write(ProviderServer.events(ProviderServer.delta("once upon"))));
    say("go");
    assertEquals("delta", person.event("chat").path("state").asText());
    person.succeed("chat.abort", Json.object().put("sessionKey", "main"));
    JsonNode end = end();
    assertEquals("aborted", end.path("state").asText(), end.toString());
    await().untilAsserted(() -> assertEquals(1, provider.cutByClient.get()));
    List<JsonNode> rows = history();
    assertTrue(rows.get(rows.size() - 1).toString().contains("once upon"), rows.toString());
    assertEquals(0, HUB.metric("parley_calls_in_flight"));
  }

  @Test
  void aRefusalThatRepeatsTheKeyDoesNotTellItToAnybody() {
    provider.thenStatus(401, "{\"error\":{\"message\":\"Incorrect API key: sk-test\"}}");
    say("go");
    JsonNode end = end();
    assertEquals("error", end.path("state").asText(), end.toString());
    assertFalse(end.toString().contains("sk-test"), end.toString());
    assertFalse(history().toString().contains("sk-test"));
  }
}
