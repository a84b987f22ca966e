package dev.parley.hub.workspace;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(RedisExtension.class)
class WorkspaceTest {
  private static final WorkspaceSettings SMALL = Shelves.small();

  @TempDir Path data;
  private Vertx vertx;
  private Store store;
  private Workspaces workspaces;
  private Workspace acme;

  @BeforeEach
  void open(Store store) {
    this.store = store;
    vertx = Vertx.vertx();
    workspaces = Shelves.of(vertx, store, WorkspaceSettings.DEFAULTS);
    acme = workspace(workspaces, "acme");
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private Workspace workspace(Workspaces from, String tenant) {
    return Shelves.workspace(from, data, tenant, "helper");
  }

  private Path directory(String tenant) {
    return data.resolve("workspace/" + tenant + "/agents/helper/workspace");
  }

  @Test
  void aNewAgentGetsItsTwoFilesAndKeepsWhatItChanged() {
    await(acme.create("I am kind.", "Be brief."));
    await(acme.write("SOUL.md", "I am wise."));

    await(acme.create("I am kind.", "Be brief."));

    assertEquals("I am wise.", await(acme.read("SOUL.md")).text());
    assertEquals("Be brief.", await(acme.read("AGENTS.md")).text());
  }

  @Test
  void whatIsWrittenIsReadBackWithSizeTimeAndHash() {
    long before = System.currentTimeMillis() - 2_000;
    FileEntry written = await(acme.write("notes/today (1).md", "grüße"));

    FileText read = await(acme.read("notes/today (1).md"));

    assertEquals("grüße", read.text());
    assertEquals(7, read.size());
    assertEquals(written.updatedAtMs(), read.updatedAtMs());
    assertTrue(read.updatedAtMs() >= before);
  }

  @Test
  void theHashIsSha256OfTheBytes() {
    await(acme.write("a", "abc"));
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        await(acme.read("a")).hash());
  }

  @Test
  void filesAndDirectoriesAreForTheHubsUserOnly() throws IOException {
    await(acme.write("notes/a.md", "x"));
    Path notes = directory("acme").resolve("notes");
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(notes)));
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(notes.resolve("a.md"))));
  }

  @Test
  void aListingIsRecursiveOrderedAndLeavesOutWhatTheHubKeeps() throws IOException {
    await(acme.write("b.md", "12"));
    await(acme.write("a/deep/c.md", "1"));
    await(acme.write("a/d.md", "123"));
    Files.writeString(directory("acme").resolve(".parley-left-by-a-crash"), "x");

    List<String> paths = await(acme.list("")).stream().map(FileEntry::name).toList();

    assertEquals(List.of("a/d.md", "a/deep/c.md", "b.md"), paths);
    assertEquals(
        List.of("a/deep/c.md"), await(acme.list("a/deep")).stream().map(FileEntry::name).toList());
    assertEquals(List.of(3L, 1L, 2L), await(acme.list("")).stream().map(FileEntry::size).toList());
  }

  @Test
  void aWorkspaceNeverWrittenIsEmptyAndReadingMakesNothing() {
    assertEquals(List.of(), await(acme.list("")));
    assertEquals(ErrorCode.NOT_FOUND, refusal(acme.list("nothing")).code());
    assertEquals(ErrorCode.NOT_FOUND, refusal(acme.read("a/b.md")).code());
    assertFalse(await(acme.delete("a/b.md")));
    assertFalse(Files.exists(data.resolve("workspace/acme")));
  }

  @Test
  void aListingBeyondItsBoundIsRefusedNotCut() {
    Workspace small = workspace(Shelves.of(vertx, store, SMALL), "acme");
    for (int i = 0; i < 6; i++) {
      await(small.write("f" + i, "x"));
    }
    ParleyException refused = refusal(small.list(""));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, refused.code());
    assertEquals(5, refused.details().get("limit"));
  }

  @Test
  void aFileBeyondItsBoundIsNeitherWrittenNorGrownNorRead() throws IOException {
    Workspace small = workspace(Shelves.of(vertx, store, SMALL), "acme");
    await(small.write("full", "x".repeat(64)));

    assertEquals(ErrorCode.PAYLOAD_TOO_LARGE, refusal(small.write("full", "y".repeat(65))).code());
    assertEquals(ErrorCode.PAYLOAD_TOO_LARGE, refusal(small.write("full", "ü".repeat(33))).code());
    assertEquals(ErrorCode.PAYLOAD_TOO_LARGE, refusal(small.append("full", "y")).code());
    assertEquals("x".repeat(64), await(small.read("full")).text());

    Files.writeString(directory("acme").resolve("planted"), "z".repeat(65));
    assertEquals(ErrorCode.PAYLOAD_TOO_LARGE, refusal(small.read("planted")).code());
  }

  @Test
  void appendsFromEverywhereAllArriveInTheOrderTheyWereMade() {
    List<Future<FileEntry>> appends = new ArrayList<>();
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      appends.add(acme.append("log.md", i + "\n"));
      expected.append(i).append('\n');
    }
    appends.forEach(done -> await(done));
    assertEquals(expected.toString(), await(acme.read("log.md")).text());
  }

  @Test
  void anAgentCannotQueueWithoutBound() {
    Workspace small = workspace(Shelves.of(vertx, store, SMALL), "acme");
    List<Future<FileEntry>> writes = new ArrayList<>();
    Context context = vertx.getOrCreateContext();
    Promise<Void> asked = Promise.promise();
    context.runOnContext(
        now -> {
          for (int i = 0; i < 10; i++) {
            writes.add(small.write("a", "x"));
          }
          asked.complete();
        });
    await(asked.future());

    List<ErrorCode> refused =
        writes.stream().skip(4).map(write -> refusal(write).code()).distinct().toList();

    assertEquals(List.of(ErrorCode.UNAVAILABLE), refused);
    writes.stream().limit(4).forEach(done -> await(done));
  }

  @Test
  void answersComeOnTheCallersContext() {
    Context context = vertx.getOrCreateContext();
    Promise<Context> answeredOn = Promise.promise();
    context.runOnContext(
        now -> {
          acme.write("a", "x");
          acme.read("a").onComplete(read -> answeredOn.complete(vertx.getOrCreateContext()));
        });
    assertEquals(context, await(answeredOn.future()));
  }

  @Test
  void aDirectoryGoesWithItsLastFileAndOnlyOnRequestWithSeveral() {
    await(acme.write("notes/a.md", "x"));
    await(acme.write("notes/deep/b.md", "x"));

    assertEquals(ErrorCode.CONFLICT, refusal(acme.delete("notes")).code());
    assertTrue(await(acme.delete("notes/a.md")));
    assertFalse(await(acme.delete("notes/a.md")));
    assertTrue(await(acme.delete("notes", true, Precondition.NONE)));
    assertFalse(await(acme.delete("notes", true, Precondition.NONE)));
    assertEquals(List.of(), await(acme.list("")));
    await(acme.write("a/b/c/d.md", "x"));
    assertTrue(await(acme.delete("a/b/c/d.md")));
    assertFalse(Files.exists(directory("acme").resolve("a")));
  }

  @Test
  void aFileIsNoDirectoryAndADirectoryNoFile() {
    await(acme.write("notes/a.md", "x"));

    for (Future<?> wrong :
        List.of(
            acme.read("notes"),
            acme.write("notes", "x"),
            acme.append("notes", "x"),
            acme.write("notes/a.md/b", "x"),
            acme.list("notes/a.md"))) {
      ParleyException refused = refusal(wrong);
      assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
      assertEquals("path", refused.details().get("field"));
    }
    assertEquals("x", await(acme.read("notes/a.md")).text());
  }

  @Test
  void textThatIsNotUtf8IsRefusedBothWays() throws IOException {
    await(acme.create("", ""));
    Files.write(directory("acme").resolve("latin1"), "ü".getBytes(StandardCharsets.ISO_8859_1));

    assertEquals(ErrorCode.CONFLICT, refusal(acme.read("latin1")).code());
    assertEquals("content", refusal(acme.write("a", "\ud83d")).details().get("field"));
  }

  @Test
  void twoTenantsNeverSeeEachOthersFiles() {
    Workspace globex = workspace(workspaces, "globex");
    await(acme.write("secret.md", "acme's"));
    await(globex.write("secret.md", "globex's"));
    await(globex.write("other.md", "globex's"));

    assertEquals("acme's", await(acme.read("secret.md")).text());
    assertEquals(ErrorCode.NOT_FOUND, refusal(acme.read("other.md")).code());
    assertFalse(await(acme.delete("other.md")));
    assertEquals(1, await(acme.list("")).size());
    for (String path :
        List.of(
            "../../../../globex/agents/helper/workspace/other.md",
            data.resolve("workspace/globex/agents/helper/workspace/other.md").toString())) {
      assertEquals("path", refusal(acme.read(path)).details().get("field"));
    }
    assertEquals("globex's", await(globex.read("other.md")).text());
  }

  @Test
  void aFailedWriteIsUnavailableAndLeavesNothingBehind() throws IOException {
    Files.createDirectories(data.resolve("workspace"));
    Files.writeString(data.resolve("workspace/.staging"), "in the way");

    ParleyException refused = refusal(acme.write("notes/a.md", "x"));

    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    try (Stream<Path> left = Files.list(data.resolve("workspace"))) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void afterClosingOperationsAreRefused() {
    await(workspaces.close());
    assertThrows(ParleyException.class, () -> await(acme.write("a", "x")));
  }
}
