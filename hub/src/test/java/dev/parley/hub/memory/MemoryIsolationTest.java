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
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nobody has a memory that is not theirs, by whatever name, filter, path or credential. */
class MemoryIsolationTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();
  private final MemoryFixture memory = new MemoryFixture(HUB);

  private static final Map<String, ObjectNode> OPERATIONS =
      Map.of(
          "memory.put", params("text", "x"),
          "memory.get", params("id", "shared"),
          "memory.list", params(),
          "memory.search", params("query", "shared"),
          "memory.delete", params("id", "shared"));

  private static Answer rest(String operation, String key, ObjectNode params) {
    ObjectNode body = params.deepCopy();
    String id = body.path("id").asText();
    return switch (operation) {
      case "memory.put" -> HUB.rest("POST", "/v1/memory", key, body);
      case "memory.search" -> HUB.rest("POST", "/v1/memory/search", key, body);
      case "memory.get" -> HUB.get("/v1/memory/" + id, key);
      case "memory.delete" -> {
        body.remove("id");
        yield HUB.rest("DELETE", "/v1/memory/" + id, key, body);
      }
      default -> HUB.get("/v1/memory", key);
    };
  }

  @Test
  void twoTenantsWithTheSameWordsIdsTagsAndFilesSeeTheirOwnOnly() {
    Member acme = HUB.signUp();
    Member globex = HUB.signUp();
    for (Member one : List.of(acme, globex)) {
      ObjectNode put = params("id", "shared", "text", "shared plan of " + one.tenant());
      put.putArray("tags").add("plan");
      HUB.succeed("POST", "/v1/memory", one.key(), put);
      memory.file(one, "main", "MEMORY.md", "shared file of " + one.tenant() + "\n");
    }
    for (Member one : List.of(acme, globex)) {
      Member other = one.equals(acme) ? globex : acme;
      for (ObjectNode query :
          List.of(
              params("query", "shared plan"),
              params("query", "shared", "tag", "plan"),
              params("query", "shared", "agentId", "main"),
              params("query", other.tenant()))) {
        JsonNode found = memory.search(one.key(), query);
        assertFalse(found.toString().contains("of " + other.tenant()), found.toString());
      }
      assertEquals(2, memory.found(one, "shared").size());
      assertTrue(HUB.get("/v1/memory/shared", one.key()).text().contains(one.tenant()));
      assertTrue(HUB.get("/v1/memory/MEMORY.md", one.key()).text().contains(one.tenant()));
      assertFalse(HUB.get("/v1/memory", one.key()).text().contains(other.tenant()));
    }
    HUB.succeed("DELETE", "/v1/memory/shared", acme.key(), params());
    assertEquals(2, memory.found(globex, "shared").size(), "deleted for one only");
  }

  @Test
  void anAgentHasItsOwnMemoryOnly() {
    Member owner = HUB.signUp();
    HUB.defineRemote(owner, "scout");
    memory.put(owner, "id", "secret", "text", "falcon of main");
    memory.put(owner, "id", "mine", "text", "falcon of scout", "agentId", "scout");
    memory.file(owner, "main", "MEMORY.md", "falcon in a file of main\n");
    String key =
        HUB.newKey(owner, params("role", "agent", "agent", "scout")).path("secret").asText();
    assertEquals(List.of("mine"), memory.found(key, "query", "falcon"));
    assertEquals("not_found", HUB.get("/v1/memory/secret", key).errorCode());
    assertEquals("not_found", HUB.get("/v1/memory/MEMORY.md", key).errorCode());
    assertFalse(HUB.get("/v1/memory", key).text().contains("secret"));
    assertFalse(
        HUB.succeed("DELETE", "/v1/memory/secret", key, params()).path("deleted").asBoolean());
    OPERATIONS.forEach(
        (operation, params) -> {
          try (Peer agent = HUB.connectAgent(key, "scout")) {
            ObjectNode named = params.deepCopy().put("agentId", "main");
            JsonNode answer = agent.ask(operation, named);
            assertEquals("FORBIDDEN", answer.at("/error/code").asText(), operation + answer);
          }
        });
    memory.put(key, "id", "own", "text", "falcon by itself");
    assertEquals(2, memory.found(key, "query", "falcon").size());
    assertEquals("scout", HUB.get("/v1/memory/own", key).body().path("agentId").asText());
  }

  @Test
  void aViewerReadsAndChangesNothing() {
    Member owner = HUB.signUp();
    memory.put(owner, "id", "shared", "text", "shared text");
    String viewer = HUB.newKey(owner, "viewer");
    assertEquals(List.of("shared"), memory.found(viewer, "query", "shared"));
    for (String operation : List.of("memory.put", "memory.delete")) {
      Answer answer = rest(operation, viewer, OPERATIONS.get(operation));
      assertEquals(403, answer.status(), operation + answer);
    }
    assertEquals(200, HUB.get("/v1/memory/shared", owner.key()).status());
  }

  @Test
  void withoutAValidKeyOrWithThatOfASuspendedTenantNothingIsDone() {
    Member owner = HUB.signUp();
    memory.put(owner, "id", "shared", "text", "shared text");
    JsonNode made = HUB.newKey(owner, params("role", "owner"));
    String revoked = made.path("secret").asText();
    HUB.succeed("DELETE", "/v1/keys/" + made.at("/key/id").asText(), owner.key(), params());
    OPERATIONS.forEach(
        (operation, params) -> {
          for (String key : List.of("", "prl_nonsense", revoked)) {
            Answer answer = rest(operation, key, params);
            assertEquals(401, answer.status(), operation + " with " + key + ": " + answer);
          }
        });
    HUB.succeed(
        "POST",
        "/v1/admin/tenants/" + owner.tenant() + "/suspend",
        HUB.adminKey(),
        params("reason", "test"));
    OPERATIONS.forEach(
        (operation, params) -> {
          Answer answer = rest(operation, owner.key(), params);
          assertEquals(403, answer.status(), operation + answer);
          assertFalse(answer.text().contains("shared text"));
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "..%2Fmain%2FMEMORY.md",
        "memory%2F..%2F..%2FSOUL.md",
        "memory%2F..%2FSOUL.md",
        "SOUL.md",
        "memory",
        "memory%2F",
        ".parley",
        "%2Fetc%2Fpasswd",
        "memory%2F%00.md",
        "Memory.md",
        "a.b",
        "UPPER",
        "..",
        "memory%2F..%2F..%2F..%2Fadmin.key.md"
      })
  void aPathThatIsNoMemoryIsRefused(String path) {
    Member owner = HUB.signUp();
    Answer answer = HUB.get("/v1/memory/" + path, owner.key());
    assertTrue(List.of(400, 404).contains(answer.status()), path + " " + answer);
    assertFalse(answer.text().contains("# How"), answer.text());
  }

  @Test
  void malformedAndOversizedParamsAreRefusedWithTheField() {
    Member owner = HUB.signUp();
    Map<String, ObjectNode> bad =
        Map.of(
            "text of nothing", params("text", " \n "),
            "id upper", params("text", "x", "id", "Upper"),
            "id path", params("text", "x", "id", "../x"),
            "id long", params("text", "x", "id", "x".repeat(65)),
            "agent path", params("text", "x", "agentId", "../main"),
            "session control", params("text", "x", "session", "a\nb"),
            "surplus", params("text", "x", "tenant", "other"));
    bad.forEach(
        (what, params) -> {
          Answer answer = HUB.rest("POST", "/v1/memory", owner.key(), params);
          assertEquals(400, answer.status(), what + ": " + answer);
        });
    byte[] halfAPair = "{\"text\":\"x\\ud800\"}".getBytes(StandardCharsets.US_ASCII);
    assertEquals(400, HUB.rest("POST", "/v1/memory", owner.key(), halfAPair).status());
    ObjectNode tags = params("text", "x");
    for (int i = 0; i < 17; i++) {
      tags.withArray("tags").add("t" + i);
    }
    assertEquals(400, HUB.rest("POST", "/v1/memory", owner.key(), tags).status());
    ObjectNode large = params("text", "é".repeat(200_000));
    Answer tooLarge = HUB.rest("POST", "/v1/memory", owner.key(), large);
    assertEquals(413, tooLarge.status(), tooLarge.toString());
    assertEquals(262_144, tooLarge.body().at("/error/details/limit").asInt());
    for (ObjectNode query :
        List.of(
            params(),
            params("query", ""),
            params("query", "x".repeat(1_001)),
            params("query", "x").put("limit", 51),
            params("query", "x").put("since", -1),
            Json.object().put("query", 1))) {
      assertEquals(
          400,
          HUB.rest("POST", "/v1/memory/search", owner.key(), query).status(),
          query.toString());
    }
    assertEquals(400, HUB.get("/v1/memory?cursor=-1", owner.key()).status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "agent:* OR *:*",
        "agent:other",
        "\"unbalanced",
        "*",
        "a* b? ~2 ^9 [x TO y]",
        "\u0000\u0001",
        "😀 𝒳 ﷽",
        "((((((((((",
        "!!!"
      })
  void aQueryIsWordsAndNeverALanguage(String query) {
    Member owner = HUB.signUp();
    memory.put(owner, "id", "mine", "text", "plain words");
    JsonNode found = memory.search(owner.key(), params("query", query));
    assertEquals(List.of(), MemoryFixture.ids(found), found.toString());
    String many = "w ".repeat(499);
    assertEquals(
        200, HUB.rest("POST", "/v1/memory/search", owner.key(), params("query", many)).status());
  }
}
