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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is put into memory is found there, by words and by likeness. */
class MemoryTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();
  private final MemoryFixture memory = new MemoryFixture(HUB);

  private static Path directory(Member owner, String agent) {
    return HUB.data().resolve("workspace").resolve(owner.tenant()).resolve("agents").resolve(agent);
  }

  private static List<String> files(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static void filler(MemoryFixture memory, Member owner) {
    memory.put(
        owner, "id", "lunch", "text", "The canteen has soup on Tuesdays and fish on Fridays.");
    memory.put(
        owner, "id", "billing", "text", "Invoices go to finance by the third of each month.");
    memory.put(owner, "id", "travel", "text", "Trains to Lyon leave at 07:12; book window seats.");
    memory.put(owner, "id", "garden", "text", "Water the tomatoes and prune the roses in spring.");
  }

  @Test
  void whatWasPutIsFoundAtOnceReadAsItWasAndGoneWhenDeleted() throws IOException {
    Member owner = HUB.signUp();
    assertEquals(List.of(), memory.found(owner, "anything"));
    String text = "# Deploy\n\nThe staging cluster is called **heron**.\nAsk Mia first.\n";
    ObjectNode put = params("id", "deploy", "text", text, "session", "agent:main:main");
    put.putArray("tags").add("ops").add("2026");
    JsonNode document = HUB.succeed("POST", "/v1/memory", owner.key(), put);
    assertEquals("main", document.path("agentId").asText());
    assertEquals(text.length(), document.path("bytes").asInt());
    assertEquals(
        1, files(directory(owner, "main").resolve("memory")).size(), "it is on disk when answered");

    JsonNode found = memory.search(owner.key(), params("query", "heron"));
    assertEquals("hashing", found.path("provider").asText());
    assertEquals("hybrid", found.path("searchMode").asText());
    JsonNode hit = found.path("results").path(0);
    assertEquals("deploy", hit.path("id").asText(), found.toString());
    assertEquals("deploy#L1-L4", hit.path("citation").asText());
    assertEquals("[\"ops\",\"2026\"]", hit.path("tags").toString());
    assertTrue(hit.path("snippet").asText().contains("heron"));
    assertTrue(hit.path("textScore").asDouble() > 0);

    JsonNode whole = HUB.get("/v1/memory/deploy", owner.key()).body();
    assertEquals(text, whole.path("text").asText());
    assertEquals(4, whole.path("totalLines").asInt());
    JsonNode part = HUB.get("/v1/memory/deploy?from=3&lines=1", owner.key()).body();
    assertEquals("The staging cluster is called **heron**.", part.path("text").asText());
    assertEquals("not_found", HUB.get("/v1/memory/other", owner.key()).errorCode());

    JsonNode deleted = HUB.succeed("DELETE", "/v1/memory/deploy", owner.key(), params());
    assertTrue(deleted.path("deleted").asBoolean());
    assertEquals(List.of(), memory.found(owner, "heron"));
    assertEquals("not_found", HUB.get("/v1/memory/deploy", owner.key()).errorCode());
    assertEquals(List.of(), files(directory(owner, "main").resolve("memory")));
    assertFalse(
        HUB.succeed("DELETE", "/v1/memory/deploy", owner.key(), params())
            .path("deleted")
            .asBoolean());
  }

  @Test
  void aDocumentPutAgainTakesTheOldOnesPlaceAndKeepsItsBirthday() throws IOException {
    Member owner = HUB.signUp();
    JsonNode first = memory.put(owner, "id", "place", "text", "the office is in Porto");
    JsonNode second = memory.put(owner, "id", "place", "text", "the office is in Bilbao");
    assertEquals(first.path("createdAt").asLong(), second.path("createdAt").asLong());
    assertEquals(List.of(), memory.found(owner, "Porto"));
    assertEquals(List.of("place"), memory.found(owner, "Bilbao"));
    assertEquals(1, files(directory(owner, "main").resolve("memory")).size());
  }

  @Test
  void theSameTextWithoutAnIdIsThereOnce() {
    Member owner = HUB.signUp();
    String id = memory.put(owner, "text", "twice the same").path("id").asText();
    assertEquals(id, memory.put(owner, "text", "twice the same").path("id").asText());
    assertEquals(1, HUB.get("/v1/memory", owner.key()).body().path("documents").size());
  }

  @Test
  void anExactTermComesFirstAndAParaphraseIsFoundByThePartsOfItsWords() {
    Member owner = HUB.signUp();
    filler(memory, owner);
    memory.put(owner, "id", "exact", "text", "Ticket PX-4711 was closed by Jonas.");
    memory.put(
        owner, "id", "para", "text", "Deployments are frozen while the auditors are visiting.");
    assertEquals("exact", memory.found(owner, "PX-4711").get(0));
    List<String> like = memory.found(owner, "deploying during an audit");
    assertEquals("para", like.get(0), like.toString());
    JsonNode hit =
        memory.search(owner.key(), params("query", "deploying audit")).path("results").path(0);
    assertEquals("para", hit.path("id").asText());
    assertFalse(hit.has("textScore"), "no word is the same: " + hit);
    assertTrue(hit.path("vectorScore").asDouble() > 0.1, hit.toString());
    assertEquals(List.of(), memory.found(owner, "zzyzx"), "nothing like it");
  }

  @Test
  void aSearchIsNarrowedByAgentSessionTagAndTime() {
    Member owner = HUB.signUp();
    memory.agent(owner, "helper");
    ObjectNode tagged = params("id", "a", "text", "otters swim");
    tagged.putArray("tags").add("zoo");
    long at = HUB.succeed("POST", "/v1/memory", owner.key(), tagged).path("updatedAt").asLong();
    memory.put(owner, "id", "b", "text", "otters sleep", "session", "agent:main:pets");
    memory.put(owner, "id", "c", "text", "otters eat", "agentId", "helper");
    String key = owner.key();
    assertEquals(3, memory.found(owner, "otters").size());
    assertEquals(List.of("a"), memory.found(key, "query", "otters", "tag", "zoo"));
    assertEquals(List.of("b"), memory.found(key, "query", "otters", "session", "agent:main:pets"));
    assertEquals(List.of("c"), memory.found(key, "query", "otters", "agentId", "helper"));
    ObjectNode early = params("query", "otters").put("before", at);
    assertEquals(List.of(), MemoryFixture.ids(memory.search(key, early)));
    ObjectNode since = params("query", "otters").put("since", at).put("limit", 2);
    assertEquals(2, memory.search(key, since).path("results").size());
    assertEquals(
        1, HUB.get("/v1/memory?tag=zoo", key).body().path("documents").size(), "lists too");
    assertEquals(1, HUB.get("/v1/memory?agentId=helper", key).body().path("documents").size());
  }

  @Test
  void aListGoesOnWhereThePageBeforeEnded() {
    Member owner = HUB.signUp();
    for (int i = 0; i < 5; i++) {
      memory.put(owner, "id", "d" + i, "text", "number " + i);
    }
    List<String> ids = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = HUB.get("/v1/memory?limit=2" + cursor, owner.key()).body();
      page.path("documents").forEach(document -> ids.add(document.path("id").asText()));
      cursor = page.has("cursor") ? "&cursor=" + page.path("cursor").asText() : "";
    } while (!cursor.isEmpty());
    assertEquals(List.of("d4", "d3", "d2", "d1", "d0"), ids);
  }

  @Test
  void theMarkdownMemoryOfAWorkspaceIsFoundAsItIsNow() throws IOException {
    Member owner = HUB.signUp();
    memory.file(owner, "main", "MEMORY.md", "# People\n\nMia likes oolong tea.\n");
    memory.file(owner, "main", "memory/2026-11-30.md", "Met the beekeeper at noon.\n");
    memory.file(owner, "main", "notes.md", "oolong in another file is no memory\n");
    assertEquals(List.of("MEMORY.md"), memory.found(owner, "oolong"));
    JsonNode hit = memory.search(owner.key(), params("query", "beekeeper")).path("results").path(0);
    assertEquals("memory/2026-11-30.md", hit.path("path").asText());
    assertEquals("file", hit.path("kind").asText());
    JsonNode text = HUB.get("/v1/memory/memory%2F2026-11-30.md", owner.key()).body();
    assertEquals("Met the beekeeper at noon.\n", text.path("text").asText());

    memory.file(owner, "main", "MEMORY.md", "# People\n\nMia likes rooibos tea\n");
    assertEquals(List.of(), memory.found(owner, "oolong"), "it was changed");
    assertEquals(List.of("MEMORY.md"), memory.found(owner, "rooibos"));
    Files.delete(directory(owner, "main").resolve("workspace").resolve("MEMORY.md"));
    assertEquals(List.of(), memory.found(owner, "rooibos"), "it was deleted");
  }

  @Test
  void aFileThatWasWrittenTwiceInOneMomentIsReadAgainThoughSizeAndTimeAreTheSame()
      throws IOException {
    Member owner = HUB.signUp();
    memory.file(owner, "main", "MEMORY.md", "code alpha10\n");
    Path file = directory(owner, "main").resolve("workspace").resolve("MEMORY.md");
    FileTime moment = FileTime.from(Files.getLastModifiedTime(file).toInstant().plusSeconds(60));
    Files.setLastModifiedTime(file, moment);
    assertEquals(List.of("MEMORY.md"), memory.found(owner, "alpha10"));
    memory.file(owner, "main", "MEMORY.md", "code omega77\n");
    Files.setLastModifiedTime(file, moment);
    assertEquals(List.of("MEMORY.md"), memory.found(owner, "omega77"));
    assertEquals(List.of(), memory.found(owner, "alpha10"));
  }

  @Test
  void aLongDocumentIsFoundByItsPartWithTheLines() {
    Member owner = HUB.signUp();
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= 400; i++) {
      text.append("Line %d says something about the weather in the north.\n".formatted(i));
      if (i == 300) {
        text.append("The vault code is platypus.\n");
      }
    }
    memory.put(owner, "id", "long", "text", text.toString());
    JsonNode hit = memory.search(owner.key(), params("query", "platypus")).path("results").path(0);
    assertTrue(hit.path("startLine").asInt() > 1, hit.toString());
    assertTrue(
        hit.path("startLine").asInt() <= 301 && hit.path("endLine").asInt() >= 301, hit.toString());
    assertTrue(hit.path("snippet").asText().contains("platypus"));
    assertTrue(hit.path("snippet").asText().length() <= Snippets.LONGEST + 2);
  }

  @Test
  void itWorksOverASocketToo() {
    Member owner = HUB.signUp();
    try (Peer person = HUB.connect(owner.key())) {
      person.succeed("memory.put", params("id", "sock", "text", "by socket"));
      JsonNode found = person.succeed("memory.search", params("query", "socket"));
      assertEquals("sock", found.at("/results/0/id").asText());
      assertEquals(
          "by socket", person.succeed("memory.get", params("id", "sock")).path("text").asText());
      assertEquals(1, person.succeed("memory.list", params()).path("documents").size());
      assertTrue(person.succeed("memory.delete", params("id", "sock")).path("deleted").asBoolean());
    }
  }

  @Test
  void quotasNameTheLimitItsOwnerAndWhatIsUsed() {
    Member owner = HUB.signUp();
    ObjectNode limits = params();
    limits.putObject("limits").put("memoryDocuments", 2).put("memoryBytes", 100);
    HUB.succeed("PATCH", "/v1/admin/tenants/" + owner.tenant(), HUB.adminKey(), limits);
    memory.put(owner, "id", "one", "text", "x".repeat(40));
    memory.put(owner, "id", "two", "text", "x".repeat(40));
    Answer third = HUB.rest("POST", "/v1/memory", owner.key(), params("id", "three", "text", "x"));
    assertEquals(409, third.status(), third.text());
    JsonNode details = third.body().at("/error/details");
    assertEquals("memory_documents", details.path("limit").asText(), third.text());
    assertEquals("tenant " + owner.tenant(), details.path("owner").asText());
    assertEquals(2, details.path("used").asInt());
    assertEquals(2, details.path("max").asInt());
    Answer larger =
        HUB.rest("POST", "/v1/memory", owner.key(), params("id", "two", "text", "x".repeat(61)));
    assertEquals("memory_bytes", larger.body().at("/error/details/limit").asText(), larger.text());
    assertEquals(80, larger.body().at("/error/details/used").asInt());
    memory.put(owner, "id", "two", "text", "x".repeat(60));
    HUB.succeed("DELETE", "/v1/memory/one", owner.key(), params());
    memory.put(owner, "id", "three", "text", "x".repeat(40));
  }

  @Test
  void aDeletedAgentTakesItsDocumentsAlong() throws IOException {
    Member owner = HUB.signUp();
    memory.agent(owner, "helper");
    memory.put(owner, "id", "old", "text", "walrus secrets", "agentId", "helper");
    HUB.succeed("DELETE", "/v1/agents/helper", owner.key(), params());
    assertEquals(List.of(), files(directory(owner, "helper").resolve("memory")));
    memory.agent(owner, "helper");
    assertEquals(List.of(), memory.found(owner, "walrus"));
    assertEquals(0, HUB.get("/v1/memory", owner.key()).body().path("documents").size());
  }
}
