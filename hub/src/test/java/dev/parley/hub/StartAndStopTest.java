package dev.parley.hub;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.store.Signals;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A hub that cannot start says why in one line and leaves nothing behind; one that stops is tidy.
 */
class StartAndStopTest {
  @TempDir Path directory;

  private ParleyException refusal(String... settings) {
    List<ProcessHandle> before = servers();
    HubExtension hub = HubExtension.with(settings);
    ParleyException refused = assertThrows(ParleyException.class, hub::start);
    hub.abandon();
    assertEquals(1, refused.text().lines().count(), refused.text());
    await().until(() -> servers().size() <= before.size());
    return refused;
  }

  private static List<ProcessHandle> servers() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().orElse("").contains("redis"))
        .toList();
  }

  private static void assertTells(ParleyException refused, ErrorCode code, String... parts) {
    assertEquals(code, refused.code(), refused.text());
    for (String part : parts) {
      assertTrue(refused.text().contains(part), refused.text());
    }
  }

  @Test
  void aPortInUseIsNamedWithItsOption() throws IOException {
    Path data = directory.resolve("data");
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      ParleyException refused = refusal("data", data.toString(), "port", port);
      assertTells(refused, ErrorCode.UNAVAILABLE, "127.0.0.1:" + port, "--port");
    }
    try (HubExtension hub = HubExtension.with("data", data.toString()).start()) {
      assertEquals(200, hub.get("/health/ready", "").status(), "the directory is free again");
    }
  }

  @Test
  void anAddressThatIsNotOfThisMachineIsNamedWithItsOption() {
    ParleyException refused = refusal("host", "203.0.113.7");
    assertTells(refused, ErrorCode.UNAVAILABLE, "203.0.113.7", "--host");
  }

  @Test
  void aSecondHubOnTheSameDirectoryIsRefusedAndTheFirstGoesOn() {
    try (HubExtension first = HubExtension.with().start()) {
      ParleyException refused = refusal("data", first.data().toString());
      assertTells(refused, ErrorCode.CONFLICT, first.data().toString());
      assertEquals(200, first.get("/health/ready", "").status());
    }
  }

  @Test
  void aDataPathThatIsAFileOrBelowOneIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "not a directory");
    assertTells(refusal("data", file.toString()), ErrorCode.INVALID_REQUEST, file.toString());
    Path below = file.resolve("data");
    assertTells(refusal("data", below.toString()), ErrorCode.INVALID_REQUEST, below.toString());
    assertEquals("not a directory", Files.readString(file));
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsNamed() throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("read-only"));
    try (Mount read = Mount.of(mounted, "ro,size=1m")) {
      ParleyException refused = refusal("data", read.at().resolve("data").toString());
      assertTrue(refused.text().contains(read.at().toString()), refused.text());
    }
  }

  @Test
  void aDiskThatIsFullAtTheStartIsNamed() throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("full"));
    try (Mount small = Mount.of(mounted, "size=64k")) {
      small.fill();
      ParleyException refused = refusal("data", small.at().resolve("data").toString());
      assertTrue(refused.text().contains(small.at().toString()), refused.text());
    }
  }

  @Test
  void aDiskThatFillsUpRefusesWhatItCannotKeepLosesNothingAndGoesOnWhenThereIsRoom()
      throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("filling"));
    try (Mount small = Mount.of(mounted, "size=24m")) {
      String data = mounted.resolve("data").toString();
      try (HubExtension hub = HubExtension.with("data", data, "fsync", "always").start()) {
        Member tenant = hub.unmetered(hub.signUp());
        writeFile(hub, tenant, "before.md", "kept");
        small.fill();
        Answer file = writeFile(hub, tenant, "during.md", "x".repeat(200_000));
        assertEquals("unavailable", file.errorCode(), file.text());
        await()
            .untilAsserted(
                () -> {
                  Answer row =
                      hub.rest(
                          "POST",
                          "/v1/agents",
                          tenant.key(),
                          Json.object()
                              .put("name", "agent-" + System.nanoTime())
                              .put("description", "y".repeat(500)));
                  assertEquals("unavailable", row.errorCode(), row.text());
                });
        assertEquals(200, hub.get("/health/live", "").status());

        small.empty();
        await()
            .atMost(Duration.ofSeconds(20))
            .untilAsserted(
                () -> assertEquals(200, writeFile(hub, tenant, "after.md", "kept").status()));
        await()
            .atMost(Duration.ofSeconds(20))
            .untilAsserted(
                () ->
                    assertEquals(
                        200,
                        hub.rest(
                                "POST",
                                "/v1/agents",
                                tenant.key(),
                                Json.object().put("name", "after"))
                            .status()));
        String names =
            hub.get("/v1/agents/main/files", tenant.key())
                .body()
                .findValuesAsText("name")
                .toString();
        assertTrue(names.contains("before.md") && names.contains("after.md"), names);
        assertFalse(names.contains("during.md"), names);
      }
    }
  }

  private static Answer writeFile(HubExtension hub, Member tenant, String name, String content) {
    return hub.rest(
        "PUT",
        "/v1/agents/main/files/" + name,
        tenant.key(),
        Json.object().put("content", content));
  }

  @Test
  void aStoreThatCannotBeReachedIsNamedWithoutItsPassword() {
    ParleyException refused = refusal("redis", "redis://:hunter2@127.0.0.1:1");
    assertTells(refused, ErrorCode.UNAVAILABLE, "127.0.0.1:1", "--redis");
    assertFalse(refused.text().contains("hunter2"), refused.text());
  }

  @Test
  void stoppingTellsEveryClientToComeBackAndStopsItsRedis() {
    HubExtension hub = HubExtension.with().start();
    try {
      Member tenant = hub.signUp();
      Peer person = hub.connect(tenant.key());
      RawSocket stranger = hub.raw();
      RawSocket deaf = RawSocket.dial(hub.port(), 4096);
      deaf.upgrade("127.0.0.1", Map.of());
      ProcessHandle redis = Signals.server(hub.data());
      long before = System.nanoTime();
      hub.stop();
      assertTrue(System.nanoTime() - before < 8_000_000_000L, "it stops in time");
      JsonNode shutdown = person.event("shutdown");
      assertTrue(shutdown.path("restartExpectedMs").asLong() > 0);
      assertEquals(1012, person.closed().code());
      assertEquals(1012, stranger.readUntilClose().code());
      assertFalse(redis.isAlive());
      hub.start();
      try (Peer again = hub.connect(tenant.key())) {
        assertTrue(again.alive());
      }
    } finally {
      hub.close();
    }
  }

  /** A small file system of its own, which only root can have. */
  private record Mount(Path at) implements AutoCloseable {
    static Mount of(Path at, String options) throws IOException {
      assumeTrue(
          run("mount", "-t", "tmpfs", "-o", options, "tmpfs", at.toString()),
          "mounting a file system takes root, so a full or read-only disk was not tried");
      return new Mount(at);
    }

    void fill() throws IOException {
      byte[] block = new byte[4096];
      try (OutputStream out = Files.newOutputStream(at.resolve("filler"))) {
        while (true) {
          out.write(block);
        }
      } catch (IOException full) {
        assertTrue(String.valueOf(full.getMessage()).contains("No space"), full.toString());
      }
    }

    void empty() throws IOException {
      Files.delete(at.resolve("filler"));
    }

    private static boolean run(String... command) throws IOException {
      return new ProcessBuilder(command).start().onExit().join().exitValue() == 0;
    }

    @Override
    public void close() {
      await().until(() -> run("umount", at.toString()));
    }
  }
}
