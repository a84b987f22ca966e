package dev.parley.hub.memory;

import static dev.parley.hub.memory.MemoryFixture.params;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.model.ProviderServer;
import dev.parley.protocol.frame.Json;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hosted agents search their own memory with tools, as their model wishes. */
class MemoryToolsTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("private-providers", "true");
  private final MemoryFixture memory = new MemoryFixture(HUB);
  private ProviderServer provider;
  private Member owner;

  @BeforeEach
  void connect() {
    provider = new ProviderServer(HUB.vertx());
    owner = HUB.signUp();
    HUB.succeed(
        "PUT",
        "/v1/providers/openai",
        owner.key(),
        params("apiKey", "sk-test", "baseUrl", provider.url()));
    HUB.succeed("PATCH", "/v1/agents/main", owner.key(), params("model", "openai/any"));
    memory.agent(owner, "helper");
  }

  @AfterEach
  void disconnect() {
    provider.close();
  }

  private static String call(String tool, ObjectNode arguments) {
    ObjectNode chunk = Json.object();
    chunk
        .putArray("choices")
        .addObject()
        .put("index", 0)
        .putObject("delta")
        .putArray("tool_calls")
        .addObject()
        .put("index", 0)
        .put("id", "c1")
        .put("type", "function")
        .putObject("function")
        .put("name", tool)
        .put("arguments", Json.write(arguments));
    return Json.write(chunk);
  }

  /** What the model is shown when it has called the tool. */
  private String result(String tool, ObjectNode arguments) {
    provider
        .thenEvents(call(tool, arguments), ProviderServer.finish("tool_calls"), "[DONE]")
        .thenEvents(ProviderServer.delta("done"), ProviderServer.finish("stop"), "[DONE]");
    Answer answer =
        HUB.rest(
            "POST", "/v1/calls", owner.key(), params("to", owner.agent("main"), "payload", "go"));
    assertEquals(200, answer.status(), answer.text());
    List<ObjectNode> bodies = List.copyOf(provider.bodies);
    JsonNode messages = bodies.get(bodies.size() - 1).path("messages");
    JsonNode last = messages.path(messages.size() - 1);
    assertEquals("tool", last.path("role").asText(), last.toString());
    return last.path("content").asText();
  }

  @Test
  void anAgentFindsAndReadsItsOwnMemoryAndNoOther() {
    memory.put(owner, "id", "own", "text", "line one\nthe cormorant code is 77\nline three");
    memory.put(owner, "id", "foreign", "text", "cormorant of helper", "agentId", "helper");
    memory.file(owner, "helper", "MEMORY.md", "cormorant file of helper\n");
    String found = result("memory_search", params("query", "cormorant"));
    assertTrue(found.contains("the cormorant code is 77"), found);
    assertFalse(found.contains("helper"), found);
    assertTrue(provider.body().path("tools").toString().contains("memory_get"));
  }

  @Test
  void anAgentReadsTheLinesItAsksFor() {
    memory.put(owner, "id", "own", "text", "line one\nthe cormorant code is 77\nline three");
    String text = result("memory_get", params("path", "own").put("from", 2).put("lines", 1));
    JsonNode answer = Json.parse("answer", text);
    assertEquals("the cormorant code is 77", answer.path("text").asText());
    assertEquals("ok", answer.path("status").asText());
  }

  @Test
  void aPathThatIsNoMemoryIsRefusedToTheModel() {
    String text = result("memory_get", params("path", "../../helper/workspace/MEMORY.md"));
    assertTrue(text.startsWith("invalid_request"), text);
  }
}
