package dev.parley.hub.store;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class StoreClockTest {
  private static final long HOUR_NANOS = Duration.ofHours(1).toNanos();

  private final Vertx vertx = Vertx.vertx();
  private final AtomicLong jumped = new AtomicLong();
  private final Store store;
  private final StoreClock clock;

  StoreClockTest(Store store) {
    this.store = store;
    clock = new StoreClock(vertx, store, () -> System.nanoTime() + jumped.get());
    await(clock.start());
  }

  @AfterEach
  void close() {
    clock.close();
    await(vertx.close());
  }

  @Test
  void tellsTheTimeOfRedisWhereverItsOwnTicksBegan() {
    assertTellsTheTimeOfRedis();
    assertTrue(clock.millis() - clock.instant().toEpochMilli() < 1_000);
  }

  @Test
  void goesByRedisAgainAfterItsTicksOrRedisJumped() {
    for (long jump : new long[] {HOUR_NANOS, -2 * HOUR_NANOS}) {
      jumped.addAndGet(jump);
      assertTrue(Math.abs(clock.millis() - redisMs()) > HOUR_NANOS / 2_000_000);
      await(clock.ask());
      assertTellsTheTimeOfRedis();
    }
  }

  private void assertTellsTheTimeOfRedis() {
    long before = redisMs();
    long told = clock.millis();
    long after = redisMs();
    long tolerance = after - before + 50;
    assertTrue(
        before - tolerance <= told && told <= after + tolerance,
        "%d is not between %d and %d".formatted(told, before, after));
  }

  private long redisMs() {
    List<Key> key = List.of(Keyspace.platform().key("time"));
    return await(store.run(new Script("time"), key, List.of())).integer(0) / 1_000;
  }
}
