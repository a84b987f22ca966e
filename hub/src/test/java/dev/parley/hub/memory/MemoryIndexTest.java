package dev.parley.hub.memory;

import static dev.parley.hub.memory.MemoryFixture.params;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An index is one tenant's, bounded in number, closed when idle and never needed to survive. */
class MemoryIndexTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("memory-idle-ms", "300", "memory-open-indexes", "2");

  private final MemoryFixture memory = new MemoryFixture(HUB);

  private static Path index(Member owner) {
    return HUB.data().resolve("memory-index").resolve(owner.tenant());
  }

  private static void closed() {
    await().untilAsserted(() -> assertEquals(0, HUB.metric("parley_memory_indexes_open")));
  }

  private Member withTwo() {
    Member owner = HUB.signUp();
    memory.put(owner, "id", "one", "text", "pelicans dive");
    memory.put(owner, "id", "two", "text", "herons wait");
    memory.file(owner, "main", "MEMORY.md", "storks stand\n");
    assertEquals(List.of("one"), memory.found(owner, "pelicans"));
    return owner;
  }

  private void allThere(Member owner) {
    assertEquals(List.of("one"), memory.found(owner, "pelicans"));
    assertEquals(List.of("two"), memory.found(owner, "herons"));
    assertEquals(List.of("MEMORY.md"), memory.found(owner, "storks"));
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.toList();
    }
  }

  private static void deleteTree(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void eachTenantHasAnIndexOfItsOwnThatIsClosedWhenIdleAndOpensAgain() {
    Member owner = withTwo();
    Member other = withTwo();
    assertTrue(Files.isDirectory(index(owner)) && Files.isDirectory(index(other)));
    closed();
    double made = HUB.metric("parley_memory_indexes_made_total");
    allThere(owner);
    assertEquals(made, HUB.metric("parley_memory_indexes_made_total"), "it went on as it was");
  }

  @Test
  void aMissingIndexIsMadeAgain() throws IOException {
    Member owner = withTwo();
    closed();
    deleteTree(index(owner));
    allThere(owner);
  }

  @Test
  void aBrokenIndexIsMadeAgain() throws IOException {
    Member owner = withTwo();
    closed();
    for (Path file : files(index(owner))) {
      if (!file.getFileName().toString().equals("write.lock")) {
        Files.write(file, "no index".getBytes(StandardCharsets.UTF_8));
      }
    }
    double broken = HUB.metric("parley_memory_indexes_broken_total");
    allThere(owner);
    assertEquals(broken + 1, HUB.metric("parley_memory_indexes_broken_total"));
  }

  @Test
  void anIndexThatHasHalfItsFilesIsMadeAgain() throws IOException {
    Member owner = withTwo();
    closed();
    for (Path file : files(index(owner))) {
      String name = file.getFileName().toString();
      if (!name.startsWith("segments") && !name.equals("write.lock")) {
        Files.delete(file);
      }
    }
    allThere(owner);
  }

  @Test
  void moreTenantsThanIndexesMayBeOpenAreServedOneAfterTheOther() throws Exception {
    List<Member> owners = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      owners.add(withTwo());
    }
    ExecutorService callers = Executors.newFixedThreadPool(6);
    try {
      List<Future<Boolean>> all = new ArrayList<>();
      for (Member owner : owners) {
        all.add(
            callers.submit(
                () -> {
                  for (int i = 0; i < 15; i++) {
                    Answer answer =
                        HUB.rest(
                            "POST", "/v1/memory/search", owner.key(), params("query", "pelicans"));
                    assertEquals(List.of("one"), MemoryFixture.ids(answer.body()), answer.text());
                    assertTrue(HUB.metric("parley_memory_indexes_open") <= 2);
                  }
                  return true;
                }));
      }
      for (Future<Boolean> one : all) {
        one.get();
      }
    } finally {
      callers.shutdown();
    }
    closed();
  }

  @Test
  void aCatalogueThatWasLostIsMadeAgainFromTheDocuments() throws IOException {
    Path data = Files.createTempDirectory("parley-memory");
    Path copy = Files.createTempDirectory("parley-copy");
    try (HubExtension first = HubExtension.with("data", data.toString()).start()) {
      Member owner = first.signUp();
      new MemoryFixture(first).put(owner, "id", "kept", "text", "albatross");
      Path documents =
          data.resolve("workspace").resolve(owner.tenant()).resolve("agents/main/memory");
      assertEquals(1, files(documents).size());
      for (Path file : files(documents)) {
        String name = file.getFileName().toString();
        String older = name.replaceFirst("\\.[0-9]{13}-", ".1700000000000-");
        Files.copy(file, copy.resolve(older));
      }
      first.succeed("DELETE", "/v1/memory/kept", owner.key(), params());
      assertEquals(List.of(), new MemoryFixture(first).found(owner, "albatross"));
      for (Path file : files(copy)) {
        Files.copy(file, documents.resolve(file.getFileName().toString()));
      }
      first.stop();
      deleteTree(data.resolve("memory-index"));
      first.start();
      assertEquals(List.of("kept"), new MemoryFixture(first).found(owner, "albatross"));
      assertEquals(200, first.get("/v1/memory/kept", owner.key()).status());
      assertFalse(first.get("/v1/memory", owner.key()).body().path("documents").isEmpty());
    } finally {
      deleteTree(data);
      deleteTree(copy);
    }
  }
}
