package dev.parley.hub.workspace;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A file is always one that somebody wrote, never a part or a mix. */
@ExtendWith(RedisExtension.class)
class WholeWriteTest {
  @TempDir Path data;
  private final Vertx vertx = Vertx.vertx();
  private Store store;

  @BeforeEach
  void open(Store store) {
    this.store = store;
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private Workspace workspace() {
    return Shelves.workspace(
        Shelves.of(vertx, store, WorkspaceSettings.DEFAULTS), data, "acme", "helper");
  }

  /** Two hubs on one volume: what orders operations inside one hub does not help here. */
  @Test
  void aReaderSeesTheOldOrTheNewTextNeverAMix() {
    Workspace writer = workspace();
    Workspace reader = workspace();
    await(writer.write("a.md", "0".repeat(200_000)));
    Set<String> seen = new HashSet<>();
    Future<?> writing = Future.succeededFuture();
    for (int round = 1; round <= 60; round++) {
      String text = Character.toString('0' + round % 10).repeat(200_000 + round);
      writing = writing.compose(done -> writer.write("a.md", text));
      while (seen.size() < 3 && !writing.isComplete()) {
        seen.add(whole(await(reader.read("a.md"))));
      }
      seen.add(whole(await(reader.read("a.md"))));
    }
    await(writing);
    seen.add(whole(await(reader.read("a.md"))));
    assertTrue(seen.size() > 2, "saw " + seen.size() + " versions");
  }

  private static String whole(FileText file) {
    long kinds = file.text().chars().distinct().count();
    assertEquals(1, kinds, "a mix of " + kinds + " writes");
    assertEquals(file.text().length(), file.size());
    assertTrue(file.size() == 200_000 || file.text().charAt(0) == '0' + (file.size() % 10));
    return file.text().substring(0, 1) + file.size();
  }

  /** The real thing: a process whose file size is limited by the kernel, so that a write stops. */
  @Test
  void aDiskThatFillsUpDuringAWriteLeavesTheOldFileAndNoRest() throws Exception {
    await(workspace().write("a.md", "old"));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process limited =
        new ProcessBuilder(
                "bash",
                "-c",
                "ulimit -f 16; exec \"$@\"",
                "bash",
                java,
                "-XX:-UsePerfData",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                WritesTooMuch.class.getName(),
                data.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(limited.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertEquals(0, limited.waitFor(), said);
    assertTrue(said.contains("refused unavailable"), said);
    assertEquals("old", await(workspace().read("a.md")).text());
    Path inside = data.resolve("workspace/acme/agents/helper/workspace");
    try (Stream<Path> left = Files.list(inside)) {
      assertEquals(List.of(inside.resolve("a.md")), left.toList());
    }
  }

  /** Run in the limited process. */
  static final class WritesTooMuch {
    private WritesTooMuch() {}

    public static void main(String[] arguments) throws IOException {
      WorkspaceFiles files =
          new WorkspaceFiles(
              Path.of(arguments[0], "workspace"),
              List.of("acme", "agents", "helper", "workspace"),
              WorkspaceSettings.DEFAULTS);
      for (boolean append : new boolean[] {false, true}) {
        try {
          WorkspacePath path = WorkspacePath.ofFile("a.md");
          String text = "x".repeat(100_000);
          Object written =
              Shelves.perform(
                  "write",
                  path,
                  append
                      ? FileChanges.append(files, path, FileBytes.encode(text), Precondition.NONE)
                      : FileChanges.write(files, path, FileBytes.encode(text), Precondition.NONE));
          System.out.println("written " + written);
          System.exit(1);
        } catch (ParleyException e) {
          System.out.println("refused " + e.code().wireName() + ": " + e.text());
          if (e.code() != ErrorCode.UNAVAILABLE) {
            System.exit(2);
          }
        }
      }
    }
  }
}
