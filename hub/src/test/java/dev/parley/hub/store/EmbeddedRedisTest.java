package dev.parley.hub.store;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server that the hub starts itself: kept private, durable, alone, and gone with the hub. */
class EmbeddedRedisTest {
  private static final Key KEY = Keyspace.platform().key("key");

  private final Vertx vertx = Vertx.vertx();

  @TempDir Path data;

  @AfterEach
  void stop() {
    await(vertx.close());
  }

  private OpenStore open() {
    return await(Stores.open(vertx, StoreOptions.defaults(data)));
  }

  private ParleyException refusal(StoreOptions options) {
    ParleyException refused =
        assertThrows(ParleyException.class, () -> await(Stores.open(vertx, options)));
    assertEquals(1, refused.text().lines().count(), refused.text());
    return refused;
  }

  private String ask(String command, String enough) throws IOException {
    return RedisSocket.ask(
        Stores.serverDirectory(data).resolve("redis.sock"), command, enough, Duration.ofSeconds(5));
  }

  @Test
  void dataSurvivesAStopAndNothingRunsAfterIt() {
    OpenStore first = open();
    await(first.store().set(KEY, "kept", 0));
    ProcessHandle server = Signals.server(data);
    await(first.close());
    assertFalse(server.isAlive());
    assertFalse(Files.exists(Stores.serverDirectory(data).resolve("redis.pid")));
    assertFalse(Files.exists(Stores.serverDirectory(data).resolve("redis.sock")));

    OpenStore second = open();
    assertEquals("kept", await(second.store().get(KEY)));
    await(second.close());
  }

  @Test
  void onlyItsUserReachesItAndEveryWriteIsOnDiskBeforeItIsAnswered() throws Exception {
    OpenStore open = open();
    Path directory = Stores.serverDirectory(data);
    assertEquals("rwx------", mode(directory));
    assertEquals("rwx------", mode(directory.resolve("redis.sock")));
    assertTrue(ask("CONFIG GET appendfsync", "\r\nalways").contains("always"));
    assertTrue(ask("CONFIG GET maxmemory-policy", "noeviction").contains("noeviction"));
    assertTrue(ask("INFO server", "tcp_port:").contains("tcp_port:0\r"));
    await(open.close());
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void anAnsweredWriteSurvivesAKilledHubAndItsOrphanIsEnded() throws Exception {
    ProcessHandle orphan;
    try (HubProcess hub = HubProcess.start(data, "kept", Map.of())) {
      orphan = Signals.server(data);
      hub.kill();
    }
    assertTrue(orphan.isAlive(), "the test needs an orphan");
    OpenStore open = open();
    assertFalse(orphan.isAlive());
    assertEquals("kept", HubProcess.value(open.store()));
    await(open.close());
  }

  @Test
  void anOrphanWhosePidFileWasNeverWrittenIsStillFound() throws Exception {
    ProcessHandle orphan;
    try (HubProcess hub = HubProcess.start(data, "kept", Map.of())) {
      orphan = Signals.server(data);
      hub.kill();
    }
    Files.delete(Stores.serverDirectory(data).resolve("redis.pid"));
    OpenStore open = open();
    assertFalse(orphan.isAlive());
    assertEquals("kept", HubProcess.value(open.store()));
    await(open.close());
  }

  @Test
  void anOrphanThatHangsIsKilledAndItsDataKept() throws Exception {
    ProcessHandle orphan;
    try (HubProcess hub = HubProcess.start(data, "kept", Map.of())) {
      orphan = Signals.server(data);
      hub.kill();
    }
    Signals.pause(orphan);
    OpenStore open = open();
    assertFalse(orphan.isAlive());
    assertEquals("kept", HubProcess.value(open.store()));
    await(open.close());
  }

  @Test
  void aProcessThatMerelyGotTheNumberOfAnOldServerIsLeftAlone() throws Exception {
    Process bystander = new ProcessBuilder("sleep", "60").start();
    try {
      Files.createDirectories(Stores.serverDirectory(data));
      Files.writeString(Stores.serverDirectory(data).resolve("redis.pid"), bystander.pid() + "\n");
      await(open().close());
      assertTrue(bystander.isAlive());
    } finally {
      bystander.destroyForcibly();
    }
  }

  @Test
  void aSecondHubOnTheSameDirectoryIsRefused() throws Exception {
    OpenStore first = open();
    ParleyException refused = refusal(StoreOptions.defaults(data));
    assertEquals(ErrorCode.CONFLICT, refused.code());
    assertTrue(refused.text().contains(data.toRealPath().toString()), refused.text());
    await(first.store().ping());
    await(first.close());
    await(open().close());
  }

  @Test
  void aHubInAnotherProcessIsNamedInTheRefusal() throws Exception {
    try (HubProcess hub = HubProcess.start(data, "kept", Map.of())) {
      ParleyException refused = refusal(StoreOptions.defaults(data));
      assertEquals(ErrorCode.CONFLICT, refused.code());
      assertTrue(refused.text().contains("process " + hub.pid()), refused.text());
      hub.kill();
    }
    await(open().close());
  }

  @Test
  void aTornTailOfTheAppendOnlyFileIsCutOff() throws Exception {
    OpenStore first = open();
    await(first.store().set(KEY, "kept", 0));
    await(first.close());
    Path torn = newestAppendOnlyFile();
    Files.writeString(torn, "*3\r\n$3\r\nSET\r\n$5\r\nun", StandardOpenOption.APPEND);

    OpenStore second = open();
    assertEquals("kept", await(second.store().get(KEY)));
    await(second.store().set(KEY, "new", 0));
    await(second.close());
    OpenStore third = open();
    assertEquals("new", await(third.store().get(KEY)));
    await(third.close());
  }

  @Test
  void aDamagedAppendOnlyFileIsToldInOneLineAndTheDirectoryIsFreeAgain() throws Exception {
    OpenStore first = open();
    await(first.store().set(KEY, "kept", 0));
    await(first.close());
    Path damaged = newestAppendOnlyFile();
    String whole = Files.readString(damaged);
    Files.writeString(damaged, "no command at all\r\n" + whole);

    ParleyException refused = refusal(StoreOptions.defaults(data));
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    assertTrue(refused.text().contains("redis.log"), refused.text());
    Files.writeString(damaged, whole);
    OpenStore second = open();
    assertEquals("kept", await(second.store().get(KEY)));
    await(second.close());
  }

  private Path newestAppendOnlyFile() throws IOException {
    try (Stream<Path> files = Files.walk(Stores.serverDirectory(data))) {
      return files.filter(file -> file.toString().endsWith(".incr.aof")).findFirst().orElseThrow();
    }
  }

  @Test
  void aDataPathTooLongForASocketWorksAndLeavesNothingInTheTemporaryDirectory() throws Exception {
    Path deep = data.resolve("long-".repeat(20)).resolve("long-".repeat(20));
    StoreOptions options = StoreOptions.defaults(deep);
    OpenStore first = await(Stores.open(vertx, options));
    await(first.store().set(KEY, "kept", 0));
    Path directory = Stores.serverDirectory(deep);
    Path socket = Path.of(Files.readString(directory.resolve("socket-path")));
    assertEquals("rwx------", mode(socket.getParent()));
    await(first.close());
    assertFalse(Files.exists(socket.getParent()));

    ProcessHandle orphan;
    try (HubProcess hub = HubProcess.start(deep, "from the hub", Map.of())) {
      orphan = Signals.server(deep);
      hub.kill();
    }
    OpenStore second = await(Stores.open(vertx, options));
    assertFalse(orphan.isAlive());
    assertEquals("kept", await(second.store().get(KEY)));
    assertEquals("from the hub", HubProcess.value(second.store()));
    await(second.close());
  }

  @Test
  void aDataPathWithSpacesAndLettersOfAllKindsWorks() {
    Path odd = data.resolve("my data, 100% \"größer\" #1");
    OpenStore open = await(Stores.open(vertx, StoreOptions.defaults(odd)));
    await(open.store().set(KEY, "kept", 0));
    assertTrue(Files.exists(Stores.serverDirectory(odd).resolve("redis.log")));
    await(open.close());
  }

  @Test
  void withoutAServerOnThePathTheBundledOneRunsAndANewerOneReadsItsData() throws Exception {
    Path onPath = RedisProgram.choose(StoreOptions.defaults(data), data).path();
    try (HubProcess hub = HubProcess.start(data, "kept", Map.of("PATH", "/nowhere"))) {
      assertTrue(ask("INFO server", "redis_version:").contains("redis_version:6.2."));
      hub.kill();
    }
    StoreOptions newer = StoreOptions.defaults(data).withRedisServer(onPath);
    OpenStore open = await(Stores.open(vertx, newer));
    assertFalse(ask("INFO server", "redis_version:").contains("redis_version:6.2."));
    assertEquals("kept", HubProcess.value(open.store()));
    await(open.close());
  }

  @Test
  void theBundledServerSurvivesItsOwnDeathAndRefusesDataItCannotSee() {
    Path bundled = RedisProgram.bundled(data.resolve("bin")).orElseThrow().path();
    Path own = data.resolve("own");
    StoreOptions options = StoreOptions.defaults(own).withRedisServer(bundled);
    OpenStore open = await(Stores.open(vertx, options));
    await(open.store().set(KEY, "kept", 0));
    Signals.kill(Signals.server(own));
    Eventually.succeeds("a command after the kill", () -> open.store().ping());
    assertEquals("kept", await(open.store().get(KEY)));
    await(open.close());

    await(open().close());
    ParleyException refused = refusal(StoreOptions.defaults(data).withRedisServer(bundled));
    assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    assertTrue(refused.text().contains("redis-server 7"), refused.text());
  }

  @Test
  void aProgramThatIsNoRedisIsRefused() {
    ParleyException refused =
        refusal(StoreOptions.defaults(data).withRedisServer(Path.of("/bin/true")));
    assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
    assertTrue(refused.text().contains("/bin/true"), refused.text());
  }

  @Test
  void aDataDirectoryThatCannotBeOneIsRefused() throws Exception {
    Path file = Files.writeString(data.resolve("file"), "not a directory");
    for (Path wrong : new Path[] {file, file.resolve("below"), Path.of("/proc/parley")}) {
      ParleyException refused = refusal(StoreOptions.defaults(wrong));
      assertEquals(ErrorCode.INVALID_REQUEST, refused.code(), refused.text());
      assertTrue(refused.text().contains(wrong.toString()), refused.text());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theSocketWorksWithAndWithoutTheNativeTransport(boolean nativeTransport) {
    Vertx own = Vertx.vertx(new VertxOptions().setPreferNativeTransport(nativeTransport));
    OpenStore open = await(Stores.open(own, StoreOptions.defaults(data)));
    await(open.store().ping());
    await(open.close());
    assertEquals(nativeTransport, own.isNativeTransportEnabled());
    await(own.close());
  }
}
