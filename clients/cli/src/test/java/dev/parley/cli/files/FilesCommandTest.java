package dev.parley.cli.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.cli.HubExtension;
import dev.parley.cli.HubExtension.Ran;
import dev.parley.cli.shell.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class FilesCommandTest {
  @RegisterExtension static final HubExtension HUB = new HubExtension();

  @TempDir Path home;
  private HubExtension.User user;

  @BeforeEach
  void beSomebodyNew() {
    user = HUB.user(home);
    user.signUp();
  }

  private Ran files(String... arguments) {
    return user.run(Stream.concat(Stream.of("files"), Stream.of(arguments)).toArray(String[]::new));
  }

  @Test
  void aFileGoesUpIsListedAndComesDownAgain() throws Exception {
    byte[] bytes = new byte[3_000_000];
    new Random(1).nextBytes(bytes);
    Path local = Files.write(home.resolve("report.pdf"), bytes);
    Ran put = files("put", local.toString(), "reports/2026.pdf", "--json");
    assertEquals(0, put.exit(), put.err());
    assertEquals(3_000_000, put.json().path("size").asInt());
    assertTrue(files("ls").out().contains("reports/"), files("ls").out());
    assertTrue(files("ls", "-r").out().contains("reports/2026.pdf"));
    Path back = home.resolve("back.pdf");
    assertEquals(0, files("get", "reports/2026.pdf", back.toString()).exit());
    assertArrayEquals(bytes, Files.readAllBytes(back));
    Ran again = files("get", "reports/2026.pdf", back.toString());
    assertEquals(1, again.exit());
    assertTrue(again.err().contains("--force"), again.err());
    Ran stale = files("put", local.toString(), "reports/2026.pdf", "--if-match", "0".repeat(64));
    assertEquals(1, stale.exit());
    assertTrue(stale.err().contains("precondition_failed"), stale.err());
    assertEquals(3_000_000, files("usage", "--json").json().path("bytes").asInt());
    try (Stream<Path> left = Files.list(home)) {
      assertTrue(left.noneMatch(path -> path.toString().endsWith(".part")));
    }
  }

  @Test
  void standardInputAndOutputAreFilesToo() {
    Ran put = user.run(Shell.Terminal.NONE, "buy milk\n", "files", "put", "-", "notes/today.md");
    assertEquals(0, put.exit(), put.err());
    assertEquals("buy milk\n", files("get", "notes/today.md", "-").out());
    Ran found = files("search", "--text", "milk", "--name", "*.md");
    assertTrue(found.out().contains("notes/today.md"), found.out() + found.err());
    assertEquals(0, files("mv", "notes/today.md", "old.md").exit());
    assertEquals(1, files("get", "notes/today.md", "-").exit());
    assertEquals(0, files("rm", "old.md").exit());
    Ran gone = files("rm", "old.md");
    assertEquals(1, gone.exit());
    assertTrue(gone.err().contains("not_found"), gone.err());
    assertEquals(List.of(), files("ls", "--json").json().findValuesAsText("path"));
  }

  @Test
  void aWorkspaceGoesOutAsAnArchiveAndComesInAgain() {
    user.run(Shell.Terminal.NONE, "one", "files", "put", "-", "a/one.md");
    user.run(Shell.Terminal.NONE, "two", "files", "put", "-", "two.md");
    for (String name : List.of("all.zip", "all.tar.gz")) {
      Path archive = home.resolve(name);
      Ran out = files("export", archive.toString());
      assertEquals(0, out.exit(), out.err());
      Ran again = files("import", archive.toString());
      assertEquals(1, again.exit());
      assertTrue(again.err().contains("conflict"), again.err());
      assertEquals(0, files("rm", "-r", "a").exit());
      Ran in = files("import", archive.toString(), "--force", "--json");
      assertEquals(2, in.json().path("files").asInt(), in.err());
      assertEquals("one", files("get", "a/one.md", "-").out());
    }
    assertEquals(1, files("export", home.resolve("all.rar").toString()).exit());
  }
}
