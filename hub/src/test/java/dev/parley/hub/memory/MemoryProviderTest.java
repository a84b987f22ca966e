package dev.parley.hub.memory;

import static dev.parley.hub.memory.MemoryFixture.params;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Vectors by the tenant's own provider, which speaks OpenAI's embeddings protocol. */
class MemoryProviderTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("private-providers", "true", "memory-idle-ms", "200");

  private static final int DIMENSIONS = 1_536;
  private static final int TOKENS_PER_TEXT = 5;

  private final MemoryFixture memory = new MemoryFixture(HUB);
  private final Queue<ObjectNode> asked = new ConcurrentLinkedQueue<>();
  private final Queue<String> keys = new ConcurrentLinkedQueue<>();
  private volatile int status = 200;
  private volatile String instead = "";
  private HttpServer server;
  private Member owner;

  @BeforeEach
  void start() {
    server =
        HUB.vertx()
            .createHttpServer()
            .requestHandler(
                request ->
                    request
                        .body()
                        .onSuccess(
                            body -> {
                              assertEquals("/v1/embeddings", request.path());
                              keys.add(String.valueOf(request.getHeader("Authorization")));
                              asked.add(Json.parseObject("body", body.toString()));
                              answer(request.response());
                            }));
    server.listen(0, "127.0.0.1").await();
    owner = HUB.signUp();
    use("text-embedding-test");
  }

  @AfterEach
  void stop() {
    server.close().await();
  }

  private void use(String model) {
    HUB.succeed(
        "PUT",
        "/v1/providers/openai",
        owner.key(),
        params(
            "apiKey",
            "sk-memory",
            "baseUrl",
            "http://127.0.0.1:" + server.actualPort() + "/v1",
            "embeddingModel",
            model));
  }

  /** A model with two meanings: what swims, and all else. */
  private void answer(HttpServerResponse response) {
    ObjectNode last = asked.stream().reduce((a, b) -> b).orElseThrow();
    if (status != 200 || !instead.isEmpty()) {
      response.setStatusCode(status).end(instead);
      return;
    }
    ObjectNode answer = Json.object().put("object", "list");
    var data = answer.putArray("data");
    int index = last.path("input").size();
    for (int i = index - 1; i >= 0; i--) {
      String text = last.path("input").path(i).asText();
      ObjectNode entry = data.addObject().put("object", "embedding").put("index", i);
      var vector = entry.putArray("embedding");
      boolean swims = text.matches("(?s).*(otter|whale|sea|fish).*");
      for (int d = 0; d < DIMENSIONS; d++) {
        vector.add(d == (swims ? 3 : 700) ? 2.5 : 0);
      }
    }
    int tokens = TOKENS_PER_TEXT * index;
    answer.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    response.end(Json.write(answer));
  }

  private long tokensToday() {
    JsonNode day = HUB.get("/v1/usage", owner.key()).body().at("/days/0/total");
    return day.path("inputTokens").asLong() + day.path("outputTokens").asLong();
  }

  private int textsAsked() {
    return asked.stream().mapToInt(body -> body.path("input").size()).sum();
  }

  private void textsAsked(int number) {
    await().untilAsserted(() -> assertEquals(number, textsAsked()));
  }

  @Test
  void aTextIsFoundByWhatItMeansAndTheTokensAreBooked() {
    memory.put(owner, "id", "animal", "text", "An otter lives by the river.");
    textsAsked(1);
    memory.put(owner, "id", "office", "text", "The printer is on the second floor.");
    textsAsked(2);
    JsonNode found = memory.search(owner.key(), params("query", "whale"));
    assertEquals("openai", found.path("provider").asText(), found.toString());
    assertEquals("openai/text-embedding-test", found.path("model").asText());
    assertFalse(found.has("degraded"));
    assertEquals(List.of("animal"), MemoryFixture.ids(found));
    assertEquals(1, found.at("/results/0/vectorScore").asDouble(), 1e-3);
    assertEquals(3, textsAsked(), "each text once, and the query");
    assertEquals("Bearer sk-memory", keys.peek());
    assertEquals("text-embedding-test", asked.element().path("model").asText());
    await().untilAsserted(() -> assertEquals(3L * TOKENS_PER_TEXT, tokensToday()));
    JsonNode listed = HUB.get("/v1/providers", owner.key()).body();
    assertTrue(listed.toString().contains("\"embeddingModel\":\"text-embedding-test\""));
  }

  @Test
  void anIndexThatIsMadeAgainCostsNothingAndAChangedFileOnlyItsChangedPart() throws IOException {
    String chapter = "# Chapter %d\n" + "The otter says something. ".repeat(30) + "\n";
    memory.file(owner, "main", "MEMORY.md", chapter.formatted(1) + chapter.formatted(2));
    assertEquals(1, memory.found(owner, "whale").stream().distinct().count());
    textsAsked(3);
    await().untilAsserted(() -> assertEquals(0, HUB.metric("parley_memory_indexes_open")));
    try (Stream<Path> all =
        Files.walk(HUB.data().resolve("memory-index").resolve(owner.tenant()))) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    JsonNode found = memory.search(owner.key(), params("query", "fish"));
    assertEquals(1, found.at("/results/0/vectorScore").asDouble(), 1e-3, found.toString());
    assertEquals(4, textsAsked(), "the query only");
    memory.file(
        owner,
        "main",
        "MEMORY.md",
        chapter.formatted(1) + chapter.formatted(2) + chapter.formatted(3));
    memory.found(owner, "sea");
    assertEquals(6, textsAsked(), "the query and the new chapter");
  }

  @Test
  void aProviderThatFailsCostsQualityAndNotTheAnswer() {
    status = 500;
    memory.put(owner, "id", "animal", "text", "An otter lives by the river.");
    JsonNode found = memory.search(owner.key(), params("query", "otter"));
    assertEquals(List.of("animal"), MemoryFixture.ids(found));
    assertEquals("hashing", found.path("provider").asText());
    assertEquals("unavailable", found.at("/degraded/code").asText(), found.toString());
    assertEquals(0, tokensToday());
    int before = asked.size();
    memory.found(owner, "otter");
    assertEquals(before, asked.size(), "it is left alone for a while");
  }

  @Test
  void anAnswerThatIsNoneIsNotBelieved() {
    for (String nonsense :
        List.of(
            "{\"data\":[]}",
            "not json",
            "{\"data\":[{\"index\":0,\"embedding\":[]}]}",
            "{\"data\":[{\"index\":7,\"embedding\":[1]}]}",
            "{\"data\":[{\"index\":0,\"embedding\":[0,0]}]}")) {
      instead = nonsense;
      use("model-" + Integer.toHexString(nonsense.hashCode()));
      JsonNode found = memory.search(owner.key(), params("query", "otter"));
      assertEquals("agent_failed", found.at("/degraded/code").asText(), nonsense + found);
    }
    assertTrue(tokensToday() > 0, "it may have been charged");
  }

  @Test
  void aRefusalThatRepeatsTheKeyDoesNotTellItToAnybody() {
    status = 401;
    instead = "{\"error\":{\"message\":\"Incorrect API key: sk-memory\"}}";
    JsonNode found = memory.search(owner.key(), params("query", "otter"));
    assertTrue(found.has("degraded"), found.toString());
    assertFalse(found.toString().contains("sk-memory"), found.toString());
  }

  @Test
  void withoutBudgetTheProviderIsNotAskedAndTheSearchSaysSo() {
    ObjectNode limits = params();
    limits.putObject("limits").put("tokensPerDay", 10);
    HUB.succeed("PATCH", "/v1/admin/tenants/" + owner.tenant(), HUB.adminKey(), limits);
    memory.put(owner, "id", "animal", "text", "An otter lives by the river.");
    JsonNode found = memory.search(owner.key(), params("query", "otter"));
    assertEquals("budget_exceeded", found.at("/degraded/code").asText(), found.toString());
    assertTrue(found.at("/degraded/message").asText().contains("tenant " + owner.tenant()));
    assertEquals(List.of("animal"), MemoryFixture.ids(found));
    assertEquals(0, asked.size());
    assertEquals(0, tokensToday());
  }

  @Test
  void onlyAnOpenAiCompatibleProviderHasAnEmbeddingModel() {
    Answer answer =
        HUB.rest(
            "PUT",
            "/v1/providers/anthropic",
            owner.key(),
            params("apiKey", "k", "embeddingModel", "x"));
    assertEquals(400, answer.status());
    assertEquals("embeddingModel", answer.body().at("/error/details/field").asText());
  }
}
