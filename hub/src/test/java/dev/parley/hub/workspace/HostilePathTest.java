package dev.parley.hub.workspace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class HostilePathTest {
  private static Path base;
  private static Path inside;
  private static WorkspaceFiles files;

  @BeforeContainer
  static void open() throws IOException {
    base = Files.createTempDirectory("hostile");
    List<String> place = List.of("acme", "agents", "helper", "workspace");
    Path root = base.resolve("root");
    Files.createDirectories(root.resolve(".staging"));
    inside = root.resolve("acme/agents/helper/workspace");
    files = new WorkspaceFiles(root, place, WorkspaceSettings.DEFAULTS);
    Shelves.write(files, "SOUL.md", "soul");
  }

  @AfterContainer
  static void close() throws IOException {
    try (Stream<Path> all = Files.walk(base)) {
      for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(path);
      }
    }
  }

  private static Set<Path> everythingOutside() throws IOException {
    try (Stream<Path> all = Files.walk(base)) {
      return all.filter(path -> !path.startsWith(inside)).collect(Collectors.toSet());
    }
  }

  @Provide
  Arbitrary<String> paths() {
    Arbitrary<String> nasty =
        Arbitraries.of(
            "..",
            ".",
            "",
            " ",
            "...",
            ".. ",
            "a",
            "b.md",
            "..\\..",
            "C:",
            "con",
            ".parley-x",
            ".PARLEY",
            "~",
            "%2e%2e",
            "\u2024\u2024",
            "\uff0e\uff0e",
            "\u0000",
            "a\nb",
            "\u202e",
            "..;",
            "*",
            "$HOME",
            "`id`",
            "-rf",
            "a\u0301");
    Arbitrary<String> any = Arbitraries.strings().ofMaxLength(12);
    Arbitrary<String> separator = Arbitraries.of("/", "/", "/", "//", "\\", "\u2215", "\uff0f");
    return Combinators.combine(
            Arbitraries.oneOf(nasty, any).list().ofMinSize(1).ofMaxSize(20),
            separator.list().ofSize(20),
            Arbitraries.of("", "", "/", "/etc/", "../", "./", "file:///", "\\\\host\\"))
        .as(HostilePathTest::joined);
  }

  private static String joined(List<String> names, List<String> separators, String start) {
    StringBuilder path = new StringBuilder(start);
    for (int i = 0; i < names.size(); i++) {
      path.append(i == 0 ? "" : separators.get(i - 1)).append(names.get(i));
    }
    return path.toString();
  }

  @Property(tries = 2_000)
  void noPathLeadsOutside(@ForAll("paths") String path) throws IOException {
    Set<Path> before = everythingOutside();
    try {
      Shelves.write(files, path, "x");
      Path written = inside.resolve(path);
      assertTrue(written.normalize().equals(written) && Files.isRegularFile(written), path);
      assertEquals("x", files.read(WorkspacePath.ofFile(path)).text());
      assertTrue(Shelves.delete(files, path));
    } catch (ParleyException e) {
      assertEquals(ErrorCode.INVALID_REQUEST, e.code());
      assertEquals("path", e.details().get("field"));
      assertTrue(e.text().chars().allMatch(c -> c >= ' ' && c < 127), e.text());
    }
    assertEquals(before, everythingOutside());
  }

  @Example
  void whatPeopleCallFilesIsAccepted() {
    for (String path :
        List.of(
            "SOUL.md", "memory/2026-01-01.md", ".gitignore", "a b (1).txt", "c++/x_y-z", "...")) {
      assertEquals(path, WorkspacePath.ofFile(path).toString());
    }
    assertEquals(WorkspacePath.ROOT, WorkspacePath.ofDirectory(""));
  }

  @Example
  void pathsHaveALongestLengthAndDepth() {
    assertEquals(16, WorkspacePath.ofFile("a/".repeat(15) + "a").depth());
    for (String path :
        List.of(
            "a/".repeat(16) + "a",
            "a".repeat(256),
            ("a".repeat(200) + "/").repeat(2) + "a".repeat(111))) {
      try {
        WorkspacePath.ofFile(path);
        throw new AssertionError("accepted a path of " + path.length());
      } catch (ParleyException e) {
        assertEquals("path", e.details().get("field"));
      }
    }
  }
}
