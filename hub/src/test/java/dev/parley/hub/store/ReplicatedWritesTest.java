package dev.parley.hub.store;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long a write waits whose replicas are away. */
class ReplicatedWritesTest {
  private static final Script WRITE = Script.replicated("fence-take");
  private static final Key KEY = Keyspace.of(new TenantId("acme")).key("fences");

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx();
  private TcpRedis master;
  private TcpRedis replica;

  @BeforeEach
  void startRedis() throws IOException {
    master = TcpRedis.start(Files.createDirectory(directory.resolve("master")));
    replica = TcpRedis.startReplica(Files.createDirectory(directory.resolve("replica")), master);
  }

  @AfterEach
  void stopRedis() {
    replica.close();
    master.close();
    await(vertx.close());
  }

  private OpenStore open(long commandMs, long replicaMs) {
    StoreOptions options =
        StoreOptions.defaults(directory.resolve("data"))
            .withRedisUrl("redis://" + master.address())
            .withCommandTimeout(Duration.ofMillis(commandMs))
            .withReplicas(1, Duration.ofMillis(replicaMs));
    OpenStore open = await(Stores.open(vertx, options));
    Eventually.holds("a replica that confirms", () -> write(open.store()).isEmpty());
    return open;
  }

  /** Why a write failed; empty when it did not. */
  private static String write(Store store) {
    return await(outcome(store));
  }

  private static Future<String> outcome(Store store) {
    return store
        .run(WRITE, List.of(KEY), List.of("worker", "node"))
        .map("")
        .otherwise(Throwable::getMessage);
  }

  @Test
  void replicasHaveTheirWholeTimeBesideThatOfTheCommand() {
    OpenStore open = open(1_000, 999);
    try {
      replica.pause();
      for (int i = 0; i < 3; i++) {
        String why = write(open.store());
        assertTrue(why.startsWith("0 of 1 replicas"), why);
      }
      replica.resume();
      assertEquals("", write(open.store()), "the connection was given up");
    } finally {
      await(open.close());
    }
  }

  @Test
  void howeverManyWritesWaitEachWaitsForTwoGroupsAtMost() {
    OpenStore open = open(10_000, 1_000);
    try {
      replica.pause();
      long began = System.nanoTime();
      List<Future<String>> writes =
          IntStream.range(0, 12_000).mapToObj(i -> outcome(open.store())).toList();
      await(Future.join(writes));
      long tookMs = (System.nanoTime() - began) / 1_000_000;
      assertTrue(writes.stream().allMatch(why -> why.result().startsWith("0 of 1 replicas")));
      assertTrue(tookMs < 8_000, tookMs + " ms");
    } finally {
      await(open.close());
    }
  }
}
