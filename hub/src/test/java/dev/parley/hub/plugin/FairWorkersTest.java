package dev.parley.hub.plugin;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FairWorkersTest {
  private static final TenantId ACME = new TenantId("acme");
  private static final TenantId GLOBEX = new TenantId("globex");

  private static ErrorCode refusal(Future<?> future) {
    return assertThrows(ParleyException.class, () -> await(future)).code();
  }

  @Test
  void oneTenantNeverHasAllThreads() throws InterruptedException {
    FairWorkers workers = new FairWorkers(3, 100);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch two = new CountDownLatch(2);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      all.add(
          workers.run(
              ACME,
              () -> {
                two.countDown();
                release.await();
                return 1;
              }));
    }
    two.await();
    assertEquals(7, await(workers.run(GLOBEX, () -> 7)));
    assertEquals(2, workers.running());
    assertEquals(8, workers.waiting());
    release.countDown();
    all.forEach(one -> await(one));
    workers.close();
  }

  @Test
  void turnsGoRoundTheTenantsAndNotByWhoAskedMore() throws InterruptedException {
    FairWorkers workers = new FairWorkers(1, 100);
    CountDownLatch release = new CountDownLatch(1);
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    List<Future<?>> all = new ArrayList<>();
    all.add(
        workers.run(
            ACME,
            () -> {
              release.await();
              return 1;
            }));
    for (int i = 0; i < 20; i++) {
      all.add(workers.run(ACME, () -> order.add("acme")));
    }
    for (int i = 0; i < 2; i++) {
      all.add(workers.run(GLOBEX, () -> order.add("globex")));
    }
    release.countDown();
    all.forEach(one -> await(one));
    assertEquals(22, order.size());
    assertTrue(order.lastIndexOf("globex") <= 3, order.toString());
    workers.close();
  }

  @Test
  void aTenantThatAsksForTooMuchIsRefusedAndOthersAreNot() throws InterruptedException {
    FairWorkers workers = new FairWorkers(1, 2);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch running = new CountDownLatch(1);
    Future<?> first =
        workers.run(
            ACME,
            () -> {
              running.countDown();
              release.await();
              return 1;
            });
    running.await();
    List<Future<Integer>> waiting = List.of(workers.run(ACME, () -> 2), workers.run(ACME, () -> 3));
    assertEquals(ErrorCode.RATE_LIMITED, refusal(workers.run(ACME, () -> 4)));
    Future<Integer> other = workers.run(GLOBEX, () -> 5);
    release.countDown();
    await(first);
    assertEquals(2, await(waiting.get(0)));
    assertEquals(3, await(waiting.get(1)));
    assertEquals(5, await(other));
    workers.close();
  }

  @Test
  void workThatThrowsOrOverflowsEndsItsFutureAndNotTheThread() {
    FairWorkers workers = new FairWorkers(1, 10);
    Future<Integer> deep = workers.run(ACME, FairWorkersTest::endless);
    assertThrows(StackOverflowError.class, () -> await(deep));
    Future<Integer> broken =
        workers.run(
            ACME,
            () -> {
              throw new IllegalStateException("broken");
            });
    assertThrows(IllegalStateException.class, () -> await(broken));
    assertEquals(1, await(workers.run(ACME, () -> 1)));
    workers.close();
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int endless() {
    return endless() + 1;
  }

  @Test
  void afterItIsClosedNothingBegins() throws InterruptedException {
    FairWorkers workers = new FairWorkers(1, 10);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch running = new CountDownLatch(1);
    AtomicInteger begun = new AtomicInteger();
    Future<Integer> first =
        workers.run(
            ACME,
            () -> {
              running.countDown();
              release.await();
              return 1;
            });
    running.await();
    Future<Integer> second = workers.run(ACME, begun::incrementAndGet);
    workers.close();
    release.countDown();
    assertEquals(1, await(first));
    assertEquals(ErrorCode.UNAVAILABLE, refusal(second));
    assertEquals(ErrorCode.UNAVAILABLE, refusal(workers.run(ACME, begun::incrementAndGet)));
    assertEquals(0, begun.get());
  }
}
