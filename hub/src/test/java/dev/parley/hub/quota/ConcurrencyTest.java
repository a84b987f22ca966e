package dev.parley.hub.quota;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConcurrencyTest {
  private final Concurrency concurrency = new Concurrency();
  private final TenantScope scope = Fixture.tenant();

  @Test
  void noMoreCallsThanTheLimitAreInFlightAndAnEndMakesRoom() {
    Limits two = Fixture.concurrent(2);
    Concurrency.Slot first = concurrency.acquire(scope, two);
    concurrency.acquire(scope, two);
    ParleyException refused =
        assertThrows(ParleyException.class, () -> concurrency.acquire(scope, two));
    assertEquals(ErrorCode.RATE_LIMITED, refused.code());
    assertEquals("concurrent_calls", refused.details().get("limit"));
    assertEquals("tenant " + scope.tenant(), refused.details().get("owner"));
    assertEquals(2L, refused.details().get("used"));
    assertEquals(2L, refused.details().get("max"));
    assertTrue(refused.retryAfterMs() > 0);
    first.close();
    concurrency.acquire(scope, two).close();
    assertEquals(1, concurrency.inFlight(scope.tenant()));
  }

  @Test
  void aSlotClosedTwiceCountsOnce() {
    Limits two = Fixture.concurrent(2);
    Concurrency.Slot first = concurrency.acquire(scope, two);
    concurrency.acquire(scope, two);
    first.close();
    first.close();
    assertEquals(1, concurrency.inFlight(scope.tenant()));
  }

  @Test
  void tenantsDoNotTakeEachOthersPlaces() {
    Limits one = Fixture.concurrent(1);
    concurrency.acquire(scope, one);
    concurrency.acquire(Fixture.tenant(), one);
    assertThrows(ParleyException.class, () -> concurrency.acquire(scope, one));
  }

  @Test
  void threadsThatRaceNeverPassTheLimit() throws InterruptedException {
    Limits seven = Fixture.concurrent(7);
    CountDownLatch start = new CountDownLatch(1);
    AtomicInteger acquired = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                  concurrency.acquire(scope, seven);
                  acquired.incrementAndGet();
                } catch (ParleyException refused) {
                  assertEquals(ErrorCode.RATE_LIMITED, refused.code());
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(7, acquired.get());
    assertEquals(7, concurrency.inFlight(scope.tenant()));
  }
}
