package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workspaces as archives, good ones and hostile ones. */
class ArchiveTest {
  @RegisterExtension
  static final HubExtension HUB = HubExtension.with("file-max-bytes", "33554432");

  private static final String ARCHIVE = "/v1/agents/main/workspace/archive";
  private final HttpClient http = HttpClient.newHttpClient();
  private Member owner;

  @BeforeEach
  void signUp() {
    owner = HUB.signUp();
  }

  private Answer put(String query, byte[] archive) {
    return HUB.rest("PUT", ARCHIVE + query, owner.key(), archive);
  }

  private byte[] get(String query) throws Exception {
    HttpRequest request = HUB.method("GET", ARCHIVE + query, owner.key()).GET().build();
    HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    assertEquals(200, response.statusCode());
    return response.body();
  }

  private static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue());
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] zip(String... names) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : names) {
      files.put(name, name.endsWith("/") ? new byte[0] : text("x"));
    }
    return zip(files);
  }

  private interface Entries {
    void into(TarArchiveOutputStream tar) throws IOException;
  }

  private static byte[] tar(Entries entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      entries.into(tar);
    }
    return bytes.toByteArray();
  }

  private static void add(TarArchiveOutputStream tar, String name, byte[] content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, true);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path workspace() {
    return HUB.data().resolve("workspace/" + owner.tenant() + "/agents/main/workspace");
  }

  private Map<String, String> there() throws IOException {
    if (!Files.exists(workspace())) {
      return Map.of();
    }
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(workspace())) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        all.put(
            workspace().relativize(file).toString(),
            Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    return all;
  }

  private static void assertNothingStaged() {
    Path staging = HUB.data().resolve("workspace/.staging");
    Awaitility.await()
        .untilAsserted(
            () -> {
              try (Stream<Path> left = Files.list(staging)) {
                assertEquals(0, left.count());
              }
            });
  }

  @Test
  void aWorkspaceGoesOutAndComesInAgainInBothFormats() throws Exception {
    byte[] large = new byte[3_000_000];
    new Random(3).nextBytes(large);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("SOUL.md", text("I am."));
    files.put("notes/deep/er/today.md", text("milk"));
    files.put("notes/" + "long".repeat(40) + ".txt", text(""));
    files.put("pictures/a.bin", large);
    Answer imported = put("?format=zip", zip(files));
    assertEquals(200, imported.status(), imported.text());
    assertEquals(4, imported.body().path("files").asInt());
    assertEquals(3_000_009, imported.body().path("bytes").asInt());
    Map<String, String> before = there();
    assertEquals(4, before.size());
    for (String format : List.of("zip", "tar.gz")) {
      byte[] archive = get("?format=" + format);
      Member other = HUB.signUp();
      Member first = owner;
      owner = other;
      assertEquals(200, put("?format=" + format, archive).status());
      assertEquals(before, there());
      owner = first;
    }
    try (ZipInputStream zip =
        new ZipInputStream(new ByteArrayInputStream(get("?directory=pictures")))) {
      assertEquals("pictures/a.bin", zip.getNextEntry().getName());
      assertArrayEquals(large, zip.readAllBytes());
    }
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(
            new GZIPInputStream(new ByteArrayInputStream(get("?format=tar.gz&directory=notes"))))) {
      Set<String> names = new java.util.HashSet<>();
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        names.add(entry.getName());
      }
      assertEquals(2, names.size());
    }
    assertEquals(3_000_009, HUB.get("/v1/files/usage", owner.key()).body().path("bytes").asInt());
  }

  @Test
  void anArchiveComesIntoADirectoryAndReplacesOnlyWhenTold() throws Exception {
    assertEquals(200, put("?directory=in%2Fside", zip("a", "b/c")).status());
    assertEquals(Set.of("in/side/a", "in/side/b/c"), there().keySet());
    Answer again = put("?directory=in%2Fside", zip("new", "a"));
    assertEquals(409, again.status(), again.text());
    assertEquals(Set.of("in/side/a", "in/side/b/c"), there().keySet(), "nothing was changed");
    assertEquals(
        200, put("?directory=in%2Fside&replace=true", zip(Map.of("a", text("y")))).status());
    assertEquals("y", there().get("in/side/a"));
    assertEquals(400, put("?directory=..", zip("a")).status());
  }

  @Test
  void progressIsToldWhileItGoesOnAndTheEndLast() throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (int i = 0; i < 200; i++) {
      files.put("f" + i, new byte[10]);
    }
    Answer answer = put("?progress=true", zip(files));
    List<String> lines = answer.text().lines().toList();
    assertTrue(lines.size() > 2, answer.text());
    assertTrue(lines.get(0).startsWith("{\"progress\":{"), lines.get(0));
    assertEquals("{\"result\":{\"files\":200,\"bytes\":2000}}", lines.get(lines.size() - 1));
    Answer refused = put("?progress=true", zip("../x"));
    assertTrue(refused.text().contains("{\"error\":{\"code\":\"invalid_request\""), refused.text());
  }

  private void assertRefused(String why, String format, byte[] archive) throws IOException {
    Map<String, String> before = there();
    Answer answer = put("?replace=true&format=" + format, archive);
    assertEquals(400, answer.status(), why + ": " + answer.text());
    assertEquals("body", answer.body().at("/error/details/field").asText(), why);
    assertEquals(before, there(), why);
    assertNothingStaged();
  }

  @Test
  void whatLeadsOutOrIsNoNameRefusesTheWholeArchive() throws Exception {
    put("", zip("here"));
    for (String name :
        List.of(
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "a/./b",
            "..\\x",
            "C:\\x",
            "C:x",
            "a\u0000b",
            ".parley-x",
            ".PARLEY/x",
            "caf\u00e9",
            "cafe\u0301",
            "\uff0e\uff0e/x",
            "a ",
            "a/" + "b/".repeat(16) + "c",
            "a".repeat(300))) {
      assertRefused("zip " + name, "zip", zip("good", name));
      if (name.indexOf(0) < 0) {
        assertRefused(
            "tar " + name,
            "tar.gz",
            tar(
                tar -> {
                  add(tar, "good", text("x"));
                  add(tar, name, text("x"));
                }));
      }
    }
    assertRefused("a directory", "zip", zip("good", "../out/"));
  }

  @Test
  void linksAndDevicesAreRefused() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
      ZipArchiveEntry link = new ZipArchiveEntry("link");
      link.setUnixMode(0120777);
      zip.putArchiveEntry(link);
      zip.write(text("/etc/passwd"));
      zip.closeArchiveEntry();
    }
    assertRefused("a symbolic link in a zip", "zip", bytes.toByteArray());
    for (byte kind :
        new byte[] {
          TarConstants.LF_SYMLINK,
          TarConstants.LF_LINK,
          TarConstants.LF_CHR,
          TarConstants.LF_BLK,
          TarConstants.LF_FIFO
        }) {
      assertRefused(
          "tar " + (char) kind,
          "tar.gz",
          tar(
              tar -> {
                TarArchiveEntry entry = new TarArchiveEntry("link", kind);
                entry.setLinkName("/etc/passwd");
                tar.putArchiveEntry(entry);
                tar.closeArchiveEntry();
              }));
    }
    assertRefused(
        "through a link",
        "tar.gz",
        tar(
            tar -> {
              TarArchiveEntry entry = new TarArchiveEntry("dir", TarConstants.LF_SYMLINK);
              entry.setLinkName("/tmp");
              tar.putArchiveEntry(entry);
              tar.closeArchiveEntry();
              add(tar, "dir/x", text("x"));
            }));
  }

  @Test
  void namesThatAreOneSomewhereAreRefused() throws Exception {
    assertRefused("case", "zip", zip("a/B", "a/b"));
    assertRefused("case of a directory", "zip", zip("a/x", "A/y"));
    assertRefused("file and directory", "zip", zip("a", "a/b"));
    assertRefused("directory and file", "zip", zip("a/b", "a"));
    assertRefused(
        "twice",
        "tar.gz",
        tar(
            tar -> {
              add(tar, "a", text("1"));
              add(tar, "a", text("2"));
            }));
    put("", zip("Notes/a"));
    Answer other = put("?replace=true", zip("notes/b"));
    assertEquals(409, other.status(), other.text());
    assertEquals(Set.of("Notes/a"), there().keySet());
  }

  @Test
  void aBombIsStoppedByWhatComesOutOfIt() throws Exception {
    HUB.unmetered(owner);
    byte[] zeros = new byte[30 << 20];
    assertRefused("ratio of a zip", "zip", zip(Map.of("a", zeros, "b", zeros)));
    assertRefused(
        "ratio of a tar",
        "tar.gz",
        tar(
            tar -> {
              add(tar, "a", zeros);
              add(tar, "b", zeros);
            }));
    Answer large = put("", zip(Map.of("a", new byte[(32 << 20) + 1])));
    assertTrue(large.status() == 413 || large.status() == 400, large.text());
    Map<String, byte[]> noise = new LinkedHashMap<>();
    byte[] block = new byte[200_000];
    new Random(1).nextBytes(block);
    for (int i = 0; i < 30; i++) {
      noise.put("n" + i, block);
    }
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + owner.tenant(),
        HUB.adminKey(),
        (ObjectNode) Json.object().set("limits", Json.object().put("fileBytes", 1_000_000)));
    Answer total = put("", zip(noise));
    assertEquals(409, total.status(), total.text());
    assertEquals("limit_exceeded", total.errorCode());
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + owner.tenant(),
        HUB.adminKey(),
        (ObjectNode) Json.object().set("limits", Json.object().put("files", 2)));
    Answer count = put("", zip("a", "b", "c"));
    assertEquals(409, count.status(), count.text());
    assertEquals("files", count.body().at("/error/details/limit").asText());
    assertEquals(Map.of(), there());
    assertNothingStaged();
  }

  @Test
  void whatIsNoArchiveOrABrokenOneIsRefused() throws Exception {
    byte[] good = zip("a", "b", "c");
    byte[] goodTar = tar(tar -> add(tar, "a", new byte[5_000]));
    assertRefused("empty", "zip", new byte[0]);
    assertRefused("empty", "tar.gz", new byte[0]);
    assertRefused("text", "zip", text("no zip"));
    assertRefused("text", "tar.gz", text("no tar"));
    assertRefused("a zip as tar", "tar.gz", good);
    assertRefused("a tar as zip", "zip", goodTar);
    assertRefused("cut", "zip", java.util.Arrays.copyOf(good, good.length - 30));
    assertRefused("cut", "tar.gz", java.util.Arrays.copyOf(goodTar, goodTar.length / 2));
    byte[] listed = good.clone();
    listed[listed.length - 10] ^= 1;
    assertRefused("a list elsewhere", "zip", listed);
    byte[] large = new byte[10_000];
    new Random(2).nextBytes(large);
    byte[] damaged = zip(Map.of("noise", large));
    damaged[damaged.length / 2] ^= 1;
    assertRefused("a bit that flipped", "zip", damaged);
    byte[] damagedTar = tar(tar -> add(tar, "noise", large));
    damagedTar[damagedTar.length / 2] ^= 1;
    assertRefused("a bit that flipped", "tar.gz", damagedTar);
    Random random = new Random(5);
    for (int i = 0; i < 60; i++) {
      byte[] broken = (i % 2 == 0 ? good : goodTar).clone();
      for (int j = 0; j < 3; j++) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt();
      }
      Answer answer = put("?replace=true&format=" + (i % 2 == 0 ? "zip" : "tar.gz"), broken);
      assertTrue(Set.of(200, 400, 409, 413).contains(answer.status()), i + ": " + answer.text());
    }
    assertNothingStaged();
  }

  @Test
  void nobodyElseTakesOrGivesAnArchive() throws Exception {
    put("", zip("secret"));
    String viewer = HUB.newKey(owner, "viewer");
    assertEquals(401, HUB.rest("PUT", ARCHIVE, "", zip("x")).status());
    assertEquals(401, HUB.get(ARCHIVE, "").status());
    assertEquals(403, HUB.rest("PUT", ARCHIVE, viewer, zip("x")).status());
    assertEquals(403, HUB.get(ARCHIVE, HUB.adminKey()).status());
    HUB.succeed("POST", "/v1/agents", owner.key(), Json.object().put("name", "only-owner"));
    Member stranger = HUB.signUp();
    String foreign = "/v1/agents/only-owner/workspace/archive";
    assertEquals(404, HUB.get(foreign, stranger.key()).status());
    assertEquals(404, HUB.rest("PUT", foreign, stranger.key(), zip("x")).status());
    assertEquals(Set.of("secret"), there().keySet());
    assertFalse(there().keySet().stream().collect(Collectors.joining()).contains("x"));
  }
}
