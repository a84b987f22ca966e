package dev.parley.hub.workspace;

import static dev.parley.hub.disk.Refusals.refusal;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a tenant's files take never passes its limits and is what is on disk. */
@ExtendWith(RedisExtension.class)
class FileQuotaTest {
  private static int tenants;

  @TempDir Path data;
  private final Vertx vertx = Vertx.vertx();
  private final String tenant = "quota-" + ++tenants;
  private Store store;

  @BeforeEach
  void open(Store store) {
    this.store = store;
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private Workspaces node(long bytes, long files) {
    return node(bytes, files, WorkspaceSettings.DEFAULTS);
  }

  private Workspaces node(long bytes, long files, WorkspaceSettings settings) {
    Limits limits = Plan.UNMETERED.limits();
    return Shelves.of(vertx, store, settings, limits.with(limits(bytes, files)));
  }

  private static Limits limits(long bytes, long files) {
    return new Limits(
        null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
        null, null, null, bytes, files);
  }

  private Workspace of(Workspaces node, String agent) {
    return Shelves.workspace(node, data, tenant, agent);
  }

  private FileUsage usage(Workspaces node) {
    return await(node.usage(scope()));
  }

  private TenantScope scope() {
    return new TenantScopes(data).of(OwnerOf.tenant(tenant));
  }

  /** What is really there: bytes and files. */
  private Tally onDisk() throws IOException {
    Path agents = data.resolve("workspace").resolve(tenant);
    try (Stream<Path> all = Files.exists(agents) ? Files.walk(agents) : Stream.empty()) {
      List<Path> files = all.filter(Files::isRegularFile).toList();
      long bytes = 0;
      for (Path file : files) {
        bytes += Files.size(file);
      }
      return new Tally(bytes, files.size());
    }
  }

  private void assertExact(Workspaces node) throws IOException {
    FileUsage usage = usage(node);
    assertEquals(onDisk(), new Tally(usage.bytes(), usage.files()));
  }

  @Test
  void theRefusalSaysWhichLimitOfWhomAndHowFar() throws IOException {
    Workspaces node = node(100, 3);
    Workspace main = of(node, "main");
    await(main.write("a", "x".repeat(60)));
    ParleyException bytes = refusal(of(node, "helper").write("b", "x".repeat(41)));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, bytes.code());
    assertEquals("file_bytes", bytes.details().get("limit"));
    assertEquals("tenant " + tenant, bytes.details().get("owner"));
    assertEquals(60L, bytes.details().get("used"));
    assertEquals(100L, bytes.details().get("max"));
    await(of(node, "helper").write("b", ""));
    await(main.write("c", ""));
    ParleyException files = refusal(main.write("d", ""));
    assertEquals("files", files.details().get("limit"));
    assertEquals(3L, files.details().get("used"));
    assertFalse(Files.exists(data.resolve("workspace/" + tenant + "/agents/main/workspace/d")));
    assertExact(node);
  }

  @Test
  void whatGetsSmallerIsAdmittedAlsoBeyondTheLimit() throws IOException {
    await(of(node(1_000, 10), "main").write("a", "x".repeat(500)));
    Workspaces lowered = node(100, 0);
    Workspace main = of(lowered, "main");
    await(main.write("a", "x".repeat(400)));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, refusal(main.append("a", "x")).code());
    assertTrue(await(main.delete("a")));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, refusal(main.write("a", "")).code());
    assertExact(lowered);
  }

  /** Two nodes, three agents, every kind of change at once, over and over at the limit. */
  @Test
  void manyWritersOnTwoNodesTogetherNeverPassTheLimitAndTheSumIsExact() throws IOException {
    List<Workspaces> nodes = List.of(node(10_000, 20), node(10_000, 20));
    Random random = new Random(7);
    int refused = 0;
    for (int round = 0; round < 12; round++) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        Workspace files = of(nodes.get(random.nextInt(2)), "agent-" + random.nextInt(3));
        String path = "d" + random.nextInt(3) + "/f" + random.nextInt(4);
        String text = "x".repeat(random.nextInt(1_500));
        all.add(
            switch (random.nextInt(6)) {
              case 0 -> files.append(path, text);
              case 1 -> files.delete(path);
              case 2 -> files.delete("d" + random.nextInt(3), true, Precondition.NONE);
              case 3 -> files.move(path, "m/" + random.nextInt(3), true, Precondition.NONE);
              default -> files.write(path, text);
            });
      }
      for (Future<?> one : all) {
        await(one.otherwiseEmpty());
        refused +=
            one.failed()
                    && one.cause() instanceof ParleyException e
                    && e.code() == ErrorCode.LIMIT_EXCEEDED
                ? 1
                : 0;
      }
      Tally there = onDisk();
      assertTrue(there.bytes() <= 10_000 && there.files() <= 20, there.toString());
      assertExact(nodes.get(0));
    }
    assertTrue(refused > 5, "refused " + refused);
  }

  /** A node that dies between booking and settling, before and after its rename. */
  @Test
  void aChangeThatItsNodeDidNotEndIsEndedByWhatIsOnDisk() throws IOException {
    for (boolean renamed : new boolean[] {false, true}) {
      WorkspaceSettings settings = WorkspaceSettings.DEFAULTS;
      Workspaces survivor = node(10_000, 100, quick(settings));
      await(of(survivor, "main").write("a", "x".repeat(100)));
      Books books = new Books(store, java.time.Clock.systemUTC(), Duration.ofMillis(300));
      WorkspaceFiles files =
          new WorkspaceFiles(
              data.resolve("workspace"), List.of(tenant, "agents", "main", "workspace"), settings);
      WorkspacePath path = WorkspacePath.ofFile("a");
      Change<FileWritten> change =
          FileChanges.write(files, path, FileBytes.encode("y".repeat(300)), Precondition.NONE);
      Owner owner = new Owner(scope(), new dev.parley.protocol.address.AgentId("main"));
      Tally before = files.measure(path);
      Tally after = change.prepare(before);
      assertEquals(
          new Books.Booking.Booked(),
          await(
              books.book(
                  owner,
                  await(books.version(owner)),
                  "turn-of-the-dead",
                  after.minus(before).growth(),
                  Plan.UNMETERED.limits(),
                  new Books.Intent("dead", change.staged(), change.touched(), before))));
      if (renamed) {
        change.perform();
      }
      assertEquals(before.bytes() + 200, usage(survivor).bytes(), "booked");

      await(of(survivor, "main").write("b", "z"));

      assertExact(survivor);
      assertEquals(
          renamed ? 300 : 100, await(of(survivor, "main").describe("a")).size(), "as it was left");
      if (!renamed) {
        ParleyException late =
            refusal(
                Future.future(
                    end -> {
                      try {
                        end.complete(Shelves.performOnly("write", path, change));
                      } catch (RuntimeException e) {
                        end.fail(e);
                      }
                    }));
        assertEquals(ErrorCode.UNAVAILABLE, late.code(), "it comes too late");
        assertExact(survivor);
      }
      assertEquals(0L, await(books.settle(owner, "turn-of-the-dead", new Tally(200, 0))));
      assertExact(survivor);
      await(of(survivor, "main").deleteAll());
      assertEquals(new Tally(0, 0), new Tally(usage(survivor).bytes(), usage(survivor).files()));
    }
  }

  private static WorkspaceSettings quick(WorkspaceSettings settings) {
    return new WorkspaceSettings(
        settings.maxTextBytes(),
        settings.maxAppendedBytes(),
        settings.maxFileBytes(),
        settings.maxFilesListed(),
        settings.threads(),
        settings.maxWaiting(),
        settings.maxWaitingPerAgent(),
        settings.maxTransfers(),
        settings.maxTransfersPerTenant(),
        Duration.ofMillis(300));
  }

  @Test
  void whatWasThereBeforeAndWhatWasPutThereByHandIsCounted() throws IOException {
    Path workspace = data.resolve("workspace/" + tenant + "/agents/main/workspace");
    Files.createDirectories(workspace.resolve("old"));
    Files.writeString(workspace.resolve("old/a"), "x".repeat(70));
    Workspaces node = node(100, 10);
    assertEquals(
        ErrorCode.LIMIT_EXCEEDED, refusal(of(node, "main").write("b", "y".repeat(31))).code());
    await(of(node, "main").write("b", "y".repeat(30)));
    assertExact(node);
    Files.writeString(workspace.resolve("old/c"), "x");
    Workspaces restarted = node(1_000, 10);
    await(of(restarted, "main").write("d", "1"));
    assertExact(restarted);
  }

  @Test
  void anUploadIsCountedWhenItIsInItsPlaceAndNotWhenItIsGivenUp() throws IOException {
    Workspaces node = node(1_000, 10, WorkspaceSettings.DEFAULTS);
    Workspace main = of(node, "main");
    FileUpload<FileWritten> given = await(main.upload("a", -1, Precondition.NONE));
    await(given.write(Buffer.buffer("x".repeat(600))));
    assertEquals(
        ErrorCode.LIMIT_EXCEEDED, refusal(given.write(Buffer.buffer("x".repeat(401)))).code());
    await(given.abort());
    FileUpload<FileWritten> one = await(main.upload("a", 600, Precondition.NONE));
    FileUpload<FileWritten> two = await(main.upload("b", 600, Precondition.NONE));
    await(one.write(Buffer.buffer("x".repeat(600))));
    await(two.write(Buffer.buffer("x".repeat(600))));
    assertEquals(600, await(one.commit()).entry().size());
    assertEquals(ErrorCode.LIMIT_EXCEEDED, refusal(two.commit()).code());
    assertEquals(
        ErrorCode.LIMIT_EXCEEDED, refusal(main.upload("b", 401, Precondition.NONE)).code());
    await(main.upload("a", 1_000, Precondition.NONE).compose(FileUpload::abort));
    assertExact(node);
    try (Stream<Path> left = Files.list(data.resolve("workspace/.staging"))) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void aTenantCannotHaveAnyNumberOfTransfers() {
    Workspaces node = node(1_000, 10, Shelves.small());
    Workspace main = of(node, "main");
    FileUpload<FileWritten> one = await(main.upload("a", -1, Precondition.NONE));
    await(main.upload("b", -1, Precondition.NONE));
    ParleyException refused = refusal(main.upload("c", -1, Precondition.NONE));
    assertEquals(ErrorCode.RATE_LIMITED, refused.code());
    assertEquals("tenant_transfers", refused.details().get("limit"));
    await(one.abort());
    await(one.abort());
    await(main.upload("c", -1, Precondition.NONE));
    assertEquals(ErrorCode.RATE_LIMITED, refusal(main.upload("d", -1, Precondition.NONE)).code());
  }
}
