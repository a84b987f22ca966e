package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workspace files as people reach them, by REST and by WebSocket. */
class FilesTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("file-max-bytes", "67108864", "file-transfer-idle-ms", "1500");

  private static final String FILES = "/v1/agents/main/workspace/files/";
  private final HttpClient http = HttpClient.newHttpClient();
  private Member owner;

  @BeforeEach
  void signUp() {
    owner = HUB.signUp();
  }

  private Answer put(String key, String path, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HUB.method("PUT", FILES + path, key)
            .method("PUT", HttpRequest.BodyPublishers.ofByteArray(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return HUB.rest(request);
  }

  private HttpResponse<byte[]> get(String path, String... headers) {
    HttpRequest.Builder request = HUB.method("GET", FILES + path, owner.key()).GET();
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private Path workspace() {
    return HUB.data().resolve("workspace/" + owner.tenant() + "/agents/main/workspace");
  }

  private JsonNode usage() {
    return HUB.get("/v1/files/usage", owner.key()).body();
  }

  @Test
  void bytesComeBackAsTheyWentInWithTheirHashAsTag() {
    byte[] bytes = random(300_000);
    Answer written = put(owner.key(), "pictures%2Fa.bin", bytes);
    assertEquals(200, written.status(), written.text());
    assertEquals(sha256(bytes), written.body().at("/file/etag").asText());
    assertEquals("pictures/a.bin", written.body().at("/file/path").asText());
    HttpResponse<byte[]> read = get("pictures%2Fa.bin");
    assertArrayEquals(bytes, read.body());
    assertEquals("\"" + sha256(bytes) + "\"", read.headers().firstValue("etag").orElse(""));
    assertEquals("attachment", read.headers().firstValue("content-disposition").orElse(""));
    HttpResponse<byte[]> part = get("pictures%2Fa.bin", "Range", "bytes=1000-1999");
    assertEquals(206, part.statusCode());
    assertArrayEquals(Arrays.copyOfRange(bytes, 1000, 2000), part.body());
    assertEquals(400, get("pictures%2Fa.bin", "Range", "bytes=300000-").statusCode());
    String tag = "\"" + sha256(bytes) + "\"";
    assertEquals(304, get("pictures%2Fa.bin", "If-None-Match", tag).statusCode());
    assertEquals(300_000, usage().path("bytes").asLong());
    assertEquals(404, get("empty").statusCode());
    assertEquals(200, put(owner.key(), "empty", new byte[0]).status());
    assertEquals(0, get("empty").body().length);
  }

  @Test
  void whoChangesWhatAnotherChangedMeanwhileIsToldAndNothingIsLost() {
    String first =
        put(owner.key(), "a", "one".getBytes(StandardCharsets.UTF_8))
            .body()
            .at("/file/etag")
            .asText();
    assertEquals(
        200, put(owner.key(), "a", new byte[] {1}, "If-Match", '"' + first + '"').status());
    Answer late = put(owner.key(), "a", new byte[] {2}, "If-Match", '"' + first + '"');
    assertEquals(412, late.status(), late.text());
    assertEquals("precondition_failed", late.errorCode());
    assertEquals(sha256(new byte[] {1}), late.body().at("/error/details/etag").asText());
    assertEquals(412, put(owner.key(), "a", new byte[] {3}, "If-None-Match", "*").status());
    assertEquals(412, put(owner.key(), "new", new byte[] {3}, "If-Match", "*").status());
    assertEquals(400, put(owner.key(), "a", new byte[] {3}, "If-Match", "W/\"x\"").status());
    assertArrayEquals(new byte[] {1}, get("a").body());
    try (Peer peer = HUB.connect(owner.key())) {
      ObjectNode params =
          Json.object().put("agentId", "main").put("path", "a").put("ifMatch", first);
      assertEquals("PRECONDITION_FAILED", code(peer.ask("files.delete", params)));
      assertEquals(
          "PRECONDITION_FAILED",
          code(peer.ask("files.write", params.deepCopy().put("content", "x"))));
      assertEquals(
          "PRECONDITION_FAILED",
          code(peer.ask("files.append", params.deepCopy().put("content", "x"))));
      ObjectNode move =
          Json.object()
              .put("agentId", "main")
              .put("source", "a")
              .put("target", "b")
              .put("ifMatch", first);
      assertEquals("PRECONDITION_FAILED", code(peer.ask("files.move", move)));
    }
    assertArrayEquals(new byte[] {1}, get("a").body());
  }

  private static String code(JsonNode answer) {
    return answer.path("error").path("code").asText();
  }

  @Test
  void aSocketReadsWritesMovesListsAndDeletes() {
    try (Peer peer = HUB.connect(owner.key())) {
      peer.succeed("files.write", params("path", "notes/a.md", "content", "grüße"));
      peer.succeed("files.append", params("path", "notes/a.md", "content", " von hier"));
      JsonNode read = peer.succeed("files.read", params("path", "notes/a.md"));
      assertEquals("grüße von hier", read.path("content").asText());
      JsonNode part = peer.succeed("files.read", params("path", "notes/a.md").put("length", 4));
      assertEquals("gr\u00fc", part.path("content").asText());
      JsonNode cut =
          peer.succeed(
              "files.read", params("path", "notes/a.md").put("offset", 2).put("length", 4));
      assertEquals("\u00fc\u00df", cut.path("content").asText());
      assertEquals(6, cut.path("nextOffset").asInt());
      byte[] bytes = random(1_000);
      peer.succeed(
          "files.write",
          params(
              "path",
              "b.bin",
              "content",
              Base64.getEncoder().encodeToString(bytes),
              "encoding",
              "base64"));
      JsonNode binary = peer.succeed("files.read", params("path", "b.bin", "encoding", "base64"));
      assertArrayEquals(bytes, Base64.getDecoder().decode(binary.path("content").asText()));
      assertEquals("CONFLICT", code(peer.ask("files.read", params("path", "b.bin"))));
      peer.succeed("files.move", params("source", "notes", "target", "old/notes"));
      JsonNode top = peer.succeed("files.list", params());
      assertEquals("[\"old\"]", top.path("directories").toString());
      assertEquals("b.bin", top.at("/files/0/path").asText());
      JsonNode all = peer.succeed("files.list", params().put("recursive", true));
      assertEquals("old/notes/a.md", all.at("/files/1/path").asText());
      assertEquals("CONFLICT", code(peer.ask("files.delete", params("path", "old"))));
      assertEquals(
          "CONFLICT",
          code(peer.ask("files.move", params("source", "b.bin", "target", "old/notes/a.md"))));
      assertEquals(
          "INVALID_REQUEST",
          code(peer.ask("files.move", params("source", "old", "target", "old/new"))));
      assertTrue(
          peer.succeed("files.delete", params("path", "old").put("recursive", true))
              .path("deleted")
              .asBoolean());
      assertFalse(peer.succeed("files.delete", params("path", "old")).path("deleted").asBoolean());
      assertEquals("INVALID_REQUEST", code(peer.ask("files.download", params("path", "b.bin"))));
      assertEquals("INVALID_REQUEST", code(peer.ask("files.upload", params("path", "b.bin"))));
      assertEquals(
          "INVALID_REQUEST",
          code(
              peer.ask(
                  "files.write",
                  params("path", "c", "content", "no base64!", "encoding", "base64"))));
    }
    assertEquals(1_000, usage().path("bytes").asLong());
    assertEquals(1, usage().path("files").asLong());
  }

  private static ObjectNode params(String... values) {
    ObjectNode params = Json.object().put("agentId", "main");
    for (int i = 0; i < values.length; i += 2) {
      params.put(values[i], values[i + 1]);
    }
    return params;
  }

  @Test
  void theOldOperationsSeeTheSameFilesAndCountToo() {
    HUB.succeed(
        "PUT", "/v1/agents/main/files/a.md", owner.key(), Json.object().put("content", "12345"));
    assertArrayEquals("12345".getBytes(StandardCharsets.UTF_8), get("a.md").body());
    assertEquals(5, usage().path("bytes").asLong());
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + owner.tenant(),
        HUB.adminKey(),
        (ObjectNode) Json.object().set("limits", Json.object().put("fileBytes", 9)));
    Answer full =
        HUB.rest(
            "PUT",
            "/v1/agents/main/files/b.md",
            owner.key(),
            Json.object().put("content", "12345"));
    assertEquals(409, full.status());
    assertEquals("limit_exceeded", full.errorCode());
    assertEquals("file_bytes", full.body().at("/error/details/limit").asText());
    assertEquals(5, full.body().at("/error/details/used").asInt());
    assertEquals(9, full.body().at("/error/details/max").asInt());
    assertEquals(409, put(owner.key(), "b.md", new byte[5]).status());
    assertEquals(200, put(owner.key(), "b.md", new byte[4]).status());
  }

  @Test
  void anAgentsFilesGoWithItAndAreNotThoseOfAnotherOfItsName() throws IOException {
    ObjectNode helper = Json.object().put("name", "helper");
    HUB.succeed("POST", "/v1/agents", owner.key(), helper);
    String path = "/v1/agents/helper/workspace/files/secret";
    HttpRequest.Builder put =
        HUB.method("PUT", path, owner.key()).PUT(HttpRequest.BodyPublishers.ofString("12345"));
    assertEquals(200, HUB.rest(put).status());
    assertEquals(5, usage().path("bytes").asLong());
    HUB.succeed("DELETE", "/v1/agents/helper", owner.key(), Json.object());
    assertEquals(0, usage().path("bytes").asLong());
    assertEquals(0, usage().path("files").asLong());
    assertFalse(
        Files.exists(
            HUB.data().resolve("workspace/" + owner.tenant() + "/agents/helper/workspace")));
    HUB.succeed("POST", "/v1/agents", owner.key(), helper);
    assertEquals(404, HUB.get(path, owner.key()).status());
  }

  /** 60 MiB up and down: what the hub keeps of them at any time is little. */
  @Test
  void aLargeFileMovesInLittleMemory() throws Exception {
    HUB.unmetered(owner);
    int size = 60 << 20;
    long before = usedHeap();
    long[] highest = {0};
    MessageDigest sent = MessageDigest.getInstance("SHA-256");
    MessageDigest received = MessageDigest.getInstance("SHA-256");
    byte[] block = random(1 << 16);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), HUB.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("PUT "
                  + FILES
                  + "large.bin HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                  + owner.key()
                  + "\r\nContent-Length: "
                  + size
                  + "\r\nExpect: 100-continue\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      assertTrue(line(in).contains("100"), "told to go on");
      line(in);
      for (int left = size; left > 0; left -= block.length) {
        block[0]++;
        sent.update(block);
        out.write(block);
        highest[0] = Math.max(highest[0], left % (4 << 20) == 0 ? usedHeap() : 0);
      }
      assertTrue(line(in).contains(" 200 "));
    }
    HttpRequest get = HUB.method("GET", FILES + "large.bin", owner.key()).GET().build();
    try (InputStream in = http.send(get, HttpResponse.BodyHandlers.ofInputStream()).body()) {
      int read;
      while ((read = in.read(block)) >= 0) {
        received.update(block, 0, read);
      }
      highest[0] = Math.max(highest[0], usedHeap());
    }
    assertArrayEquals(sent.digest(), received.digest());
    assertTrue(highest[0] - before < 32 << 20, "heap grew by " + (highest[0] - before));
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  @Test
  void aFileTooLargeIsRefusedByItsLengthOrWhenItGetsThere() throws IOException {
    HUB.unmetered(owner);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), HUB.port())) {
      socket
          .getOutputStream()
          .write(
              ("PUT "
                      + FILES
                      + "huge HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                      + owner.key()
                      + "\r\nContent-Length: 67108865\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      assertTrue(line(socket.getInputStream()).contains(" 413 "));
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), HUB.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("PUT "
                  + FILES
                  + "huge HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                  + owner.key()
                  + "\r\nTransfer-Encoding: chunked\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < 65; i++) {
        out.write("100000\r\n".getBytes(StandardCharsets.US_ASCII));
        out.write(block);
        out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      assertTrue(line(socket.getInputStream()).contains(" 413 "));
    }
    assertEquals(0, usage().path("bytes").asLong());
    assertNothingStaged();
  }

  @Test
  void anUploadThatStopsOrBreaksOffLeavesNothing() throws IOException {
    byte[] head =
        ("PUT "
                + FILES
                + "a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + owner.key()
                + "\r\nContent-Length: 100000\r\n\r\nsome")
            .getBytes(StandardCharsets.US_ASCII);
    Socket breaks = new Socket(InetAddress.getLoopbackAddress(), HUB.port());
    try (Socket stops = new Socket(InetAddress.getLoopbackAddress(), HUB.port())) {
      stops.getOutputStream().write(head);
      breaks.getOutputStream().write(head);
      Awaitility.await().until(() -> HUB.metric("parley_files_transfers") >= 2);
      breaks.shutdownOutput();
      assertTrue(line(stops.getInputStream()).contains(" 504 "));
    }
    assertNothingStaged();
    assertEquals(404, get("a").statusCode());
    assertEquals(0, usage().path("bytes").asLong());
  }

  private static void assertNothingStaged() {
    Path staging = HUB.data().resolve("workspace/.staging");
    Awaitility.await()
        .untilAsserted(
            () -> {
              try (Stream<Path> left = Files.list(staging)) {
                assertEquals(0, left.count());
              }
              assertEquals(0, HUB.metric("parley_files_transfers"));
            });
  }

  @Test
  void aDownloadThatNobodyReadsIsEndedAndGivesItsPlaceFree() throws IOException {
    HUB.unmetered(owner);
    put(owner.key(), "large", random(30 << 20));
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4_096);
      socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), HUB.port()));
      socket
          .getOutputStream()
          .write(
              ("GET "
                      + FILES
                      + "large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                      + owner.key()
                      + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      assertTrue(line(socket.getInputStream()).contains(" 200 "));
      Awaitility.await().until(() -> HUB.metric("parley_files_transfers") == 0);
    }
  }

  @Test
  void filesAreFoundByNameAndByWhatIsInThem() {
    put(
        owner.key(),
        "notes%2Fmonday.md",
        "Buy MILK\nand bread\nmilk again".getBytes(StandardCharsets.UTF_8));
    put(
        owner.key(),
        "notes%2Fdeep%2Ftuesday.txt",
        ("x".repeat(500) + "milk" + "y".repeat(500)).getBytes(StandardCharsets.UTF_8));
    put(owner.key(), "picture.bin", new byte[] {'m', 'i', 'l', 'k', 0, 1});
    JsonNode found = search("text=milk");
    assertEquals("notes/deep/tuesday.txt", found.at("/matches/0/path").asText());
    assertTrue(found.at("/matches/0/text").asText().contains("xmilky"));
    assertTrue(found.at("/matches/0/text").asText().length() < 210);
    assertEquals(3, found.at("/matches/1/line").asInt());
    assertEquals(2, found.path("matches").size());
    assertEquals(3, found.path("filesSearched").asInt());
    assertEquals(1, found.path("filesSkipped").asInt());
    assertFalse(found.has("after"));
    assertEquals(3, search("text=milk&ignoreCase=true").path("matches").size());
    assertEquals(1, search("name=*.md").path("matches").size());
    assertEquals(0, search("name=notes/*.txt").path("matches").size());
    assertEquals(1, search("name=notes/**.txt").path("matches").size());
    assertEquals(1, search("text=milk&directory=notes/deep").path("matches").size());
    JsonNode first = search("text=milk&limit=1");
    assertEquals("notes/deep/tuesday.txt", first.path("after").asText());
    assertEquals(
        "notes/monday.md",
        search("text=milk&limit=1&after=notes/deep/tuesday.txt").at("/matches/0/path").asText());
    assertEquals(400, HUB.get("/v1/agents/main/workspace/search", owner.key()).status());
    assertEquals(
        400, HUB.get("/v1/agents/main/workspace/search?text=x&directory=..", owner.key()).status());
  }

  private JsonNode search(String query) {
    return HUB.get("/v1/agents/main/workspace/search?" + query, owner.key()).body();
  }

  /** Every operation by everybody who may not. */
  @Test
  void nobodyElseReachesAFile() throws IOException {
    put(owner.key(), "a", "secret".getBytes(StandardCharsets.UTF_8));
    Member stranger = HUB.signUp();
    String viewer = HUB.newKey(owner, "viewer");
    JsonNode made = HUB.newKey(owner, Json.object().put("role", "member"));
    String revoked = made.path("secret").asText();
    HUB.succeed("DELETE", "/v1/keys/" + made.at("/key/id").asText(), owner.key(), Json.object());
    Member suspended = HUB.signUp();
    put(suspended.key(), "a", "secret".getBytes(StandardCharsets.UTF_8));
    HUB.succeed(
        "POST",
        "/v1/admin/tenants/" + suspended.tenant() + "/suspend",
        HUB.adminKey(),
        Json.object().put("reason", "test"));
    String foreign = "/v1/agents/only-owner/workspace";
    HUB.succeed("POST", "/v1/agents", owner.key(), Json.object().put("name", "only-owner"));
    String[][] requests = {
      {"GET", "", "", "read"},
      {"GET", "/read?path=a", "", "read"},
      {"GET", "/files/a", "", "read"},
      {"PUT", "/files/a", "stolen", "write"},
      {"DELETE", "/files/a", "", "write"},
      {"POST", "/write", "{\"path\":\"a\",\"content\":\"stolen\"}", "write"},
      {"POST", "/append", "{\"path\":\"a\",\"content\":\"stolen\"}", "write"},
      {"GET", "/search?text=secret", "", "read"},
      {"POST", "/move", "{\"source\":\"a\",\"target\":\"b\"}", "write"},
    };
    for (String[] request : requests) {
      String own = "/v1/agents/main/workspace" + request[1];
      assertStatus(401, request, own, "");
      assertStatus(401, request, own, revoked);
      assertStatus(403, request, own, suspended.key());
      assertStatus(403, request, own, HUB.adminKey());
      assertStatus(404, request, foreign + request[1], stranger.key());
      if (request[3].equals("write")) {
        assertStatus(403, request, own, viewer);
      }
    }
    for (String path :
        new String[] {
          "..%2F..%2Fx", "%2Fetc%2Fpasswd", ".parley-x", "a%00b", "a%2F..%2Fb", "%C3%BC", "a%5Cb"
        }) {
      for (String method : new String[] {"GET", "PUT", "DELETE"}) {
        assertStatus(400, new String[] {method, "", "x"}, FILES + path, owner.key());
      }
    }
    assertEquals("secret", Files.readString(workspace().resolve("a")));
    assertNothingStaged();
  }

  private static void assertStatus(int status, String[] request, String path, String key) {
    Answer answer = HUB.rest(request[0], path, key, request[2].getBytes(StandardCharsets.UTF_8));
    assertEquals(
        status, answer.status(), String.join(" ", request) + " " + path + ": " + answer.text());
  }

  @Test
  void aTenantWithoutRoomForFilesStillHasItsAgents() {
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + owner.tenant(),
        HUB.adminKey(),
        (ObjectNode)
            Json.object().set("limits", Json.object().put("fileBytes", 0).put("files", 0)));
    JsonNode said =
        HUB.succeed(
            "POST",
            "/v1/calls",
            owner.key(),
            Json.object().put("to", owner.agent("main")).put("payload", "repeat 2 word"));
    assertTrue(said.toString().contains("word word"), said.toString());
  }
}
