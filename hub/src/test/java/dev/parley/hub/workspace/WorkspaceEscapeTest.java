package dev.parley.hub.workspace;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Links planted in and around a workspace lead nowhere. */
@ExtendWith(RedisExtension.class)
class WorkspaceEscapeTest {
  private static final String SECRET = "outside and secret";

  private static final AtomicInteger TENANTS = new AtomicInteger();

  /** One of its own, as the tests share a store and may leave changes open in it. */
  private final String tenant = "acme-" + TENANTS.incrementAndGet();

  @TempDir Path base;
  private Path data;
  private Path inside;
  private Path outside;
  private Vertx vertx;
  private Store store;
  private Workspace workspace;

  @BeforeEach
  void open(Store store) throws IOException {
    this.store = store;
    data = base.resolve("data");
    inside = data.resolve("workspace/" + tenant + "/agents/helper/workspace");
    outside = Files.createDirectory(base.resolve("outside"));
    Files.writeString(outside.resolve("secret.md"), SECRET);
    vertx = Vertx.vertx();
    workspace = workspaceOf("helper");
    await(workspace.create("soul", "agents"));
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private Workspace workspaceOf(String agent) {
    return Shelves.workspace(
        Shelves.of(vertx, store, WorkspaceSettings.DEFAULTS), data, tenant, agent);
  }

  private void assertOutsideIsUntouched() throws IOException {
    assertEquals(SECRET, Files.readString(outside.resolve("secret.md")));
    try (Stream<Path> all = Files.walk(outside)) {
      assertEquals(List.of(outside, outside.resolve("secret.md")), all.sorted().toList());
    }
  }

  private static void assertRefused(Future<?> operation) {
    ParleyException refused = refusal(operation);
    assertEquals(ErrorCode.INVALID_REQUEST, refused.code(), refused.text());
    assertEquals("path", refused.details().get("field"));
  }

  @Test
  void aLinkToAFileOutsideIsNotFollowed() throws IOException {
    Files.createSymbolicLink(inside.resolve("link.md"), outside.resolve("secret.md"));

    assertRefused(workspace.read("link.md"));
    assertRefused(workspace.describe("link.md"));
    assertRefused(workspace.write("link.md", "pwned"));
    assertRefused(workspace.append("link.md", "pwned"));
    assertRefused(workspace.delete("link.md"));
    assertFalse(await(workspace.list("")).toString().contains("link.md"));
    assertOutsideIsUntouched();
  }

  @Test
  void aDanglingLinkIsNotWrittenThrough() throws IOException {
    Files.createSymbolicLink(inside.resolve("link.md"), outside.resolve("new.md"));

    assertRefused(workspace.write("link.md", "pwned"));
    assertRefused(workspace.append("link.md", "pwned"));
    assertOutsideIsUntouched();
  }

  @Test
  void aLinkToADirectoryOutsideIsNotEntered() throws IOException {
    Files.createSymbolicLink(inside.resolve("notes"), outside);

    assertRefused(workspace.read("notes/secret.md"));
    assertRefused(workspace.write("notes/secret.md", "pwned"));
    assertRefused(workspace.write("notes/new.md", "pwned"));
    assertRefused(workspace.write("notes/deeper/new.md", "pwned"));
    assertRefused(workspace.append("notes/secret.md", "pwned"));
    assertRefused(workspace.delete("notes/secret.md"));
    assertRefused(workspace.delete("notes"));
    assertRefused(workspace.list("notes"));
    assertEquals(2, await(workspace.list("")).size());
    assertOutsideIsUntouched();
  }

  @Test
  void theWorkspaceItselfOrADirectoryAboveItMayBeNoLink() throws IOException {
    for (String linked :
        List.of(tenant + "/agents/x/workspace", tenant + "/agents/x", tenant + "/agents")) {
      Path link = data.resolve("workspace").resolve(linked);
      if (Files.exists(link)) {
        Files.move(link, base.resolve(linked.replace("/", "-")));
      }
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, outside);
      Workspace through = workspaceOf("x");

      assertRefused(through.list(""));
      assertRefused(through.read("secret.md"));
      assertRefused(through.write("secret.md", "pwned"));
      assertRefused(through.create("pwned", "pwned"));
      assertRefused(through.delete("secret.md"));
      assertOutsideIsUntouched();
      Files.delete(link);
    }
  }

  @Test
  void aNamedPipeIsNotOpened() throws Exception {
    Path pipe = inside.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());

    assertRefused(workspace.read("pipe"));
    assertRefused(workspace.write("pipe", "x"));
    assertRefused(workspace.list("pipe"));
    assertEquals(2, await(workspace.list("")).size());
  }

  /**
   * A thread keeps exchanging a directory for a link to the outside. Each round of the other side
   * either works inside or is refused; the outside is never read, changed, or listed.
   */
  @Test
  void aDirectorySwappedForALinkBetweenCheckAndUseGainsNothing() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger swaps = new AtomicInteger();
    ExecutorService attacker = Executors.newSingleThreadExecutor();
    Future<Void> swapping = Future.future(end -> attacker.execute(() -> swap(stop, swaps, end)));
    int worked = 0;
    int refused = 0;
    long deadline = System.nanoTime() + 10_000_000_000L;
    while ((swaps.get() < 2_000 || worked < 20 || refused < 20)
        && System.nanoTime() < deadline
        && !swapping.isComplete()) {
      for (Future<?> operation :
          List.of(
              workspace.read("notes/secret.md"),
              workspace.describe("notes/secret.md"),
              workspace.delete("notes/secret.md"),
              workspace.list("notes"))) {
        try {
          Object seen = await(operation);
          assertFalse(seen.toString().contains(SECRET), "read outside");
          if (seen instanceof FileEntry file) {
            assertNotEquals(SECRET.getBytes(UTF_8).length, file.size(), "saw outside");
          }
          if (seen instanceof List<?> list) {
            assertFalse(list.toString().contains("size=" + SECRET.length()), "listed outside");
          }
          worked++;
        } catch (ParleyException e) {
          refused++;
        }
      }
      for (Future<?> write :
          List.of(
              workspace.write("notes/secret.md", "inside"),
              workspace.write("notes/deeper/new.md", "pwned"),
              workspace.append("notes/added.md", "x"),
              workspace.move("SOUL.md", "notes/soul.md", true, Precondition.NONE),
              workspace.move("notes/secret.md", "taken.md", true, Precondition.NONE),
              workspace.delete("notes", true, Precondition.NONE),
              upload("notes/secret.md"),
              download("notes/secret.md"),
              workspace.write("SOUL.md", "soul"))) {
        try {
          await(write);
        } catch (ParleyException e) {
          refused++;
        }
      }
      assertOutsideIsUntouched();
    }
    stop.set(true);
    await(swapping);
    attacker.shutdown();
    assertOutsideIsUntouched();
    assertTrue(worked > 0 && refused > 0, "worked " + worked + ", refused " + refused);
  }

  private Future<?> upload(String path) {
    return workspace
        .upload(path, -1, Precondition.NONE)
        .compose(file -> file.write(Buffer.buffer("inside")).compose(written -> file.commit()));
  }

  private Future<?> download(String path) {
    return workspace
        .download(path)
        .compose(file -> file.read(0, 100).eventually(() -> closed(file)))
        .map(
            bytes -> {
              assertFalse(bytes.toString().contains(SECRET), "sent outside");
              return bytes;
            });
  }

  private static Future<Void> closed(FileDownload file) {
    file.close();
    return Future.succeededFuture();
  }

  private void swap(AtomicBoolean stop, AtomicInteger swaps, Promise<Void> end) {
    Path notes = inside.resolve("notes");
    Path away = base.resolve("away");
    try {
      while (!stop.get()) {
        Files.createDirectory(away);
        try {
          if (Files.exists(notes, NOFOLLOW_LINKS)) {
            Files.move(notes, away.resolve("notes"));
          }
          if (swaps.incrementAndGet() % 2 == 0) {
            Files.createSymbolicLink(notes, outside);
          } else {
            Files.createDirectory(notes);
            Files.writeString(notes.resolve("secret.md"), "inside");
          }
        } catch (FileAlreadyExistsException | NoSuchFileException e) {
          Thread.onSpinWait();
        }
        deleteTree(away);
      }
      end.complete();
    } catch (IOException e) {
      end.fail(e);
    }
  }

  /** Deletes a tree that others may still be writing to. */
  private static void deleteTree(Path tree) throws IOException {
    while (Files.exists(tree, NOFOLLOW_LINKS)) {
      try (Stream<Path> all = Files.walk(tree)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      } catch (DirectoryNotEmptyException | NoSuchFileException | UncheckedIOException e) {
        Thread.onSpinWait();
      }
    }
  }
}
