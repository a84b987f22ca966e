package dev.parley.hub.quota;

import static dev.parley.hub.quota.Fixture.eventually;
import static dev.parley.hub.quota.Fixture.rate;
import static dev.parley.hub.quota.Fixture.refusal;
import static dev.parley.hub.quota.Fixture.tenant;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RateLimitsTest {
  private static final double SLOW = 1.0 / 3600;

  private final Vertx vertx = Vertx.vertx();
  private Store redis;
  private CountingStore store;
  private RateLimits limits;

  @BeforeAll
  void start(Store running) {
    redis = running;
    store = new CountingStore(redis);
    limits = new RateLimits(vertx, store);
  }

  @AfterAll
  void stop() {
    await(limits.close());
    await(vertx.close());
  }

  @Test
  void aThousandConcurrentFirstCallsOnSeveralNodesAreAdmittedUpToTheBurstAndNoFurther() {
    long burst = 300;
    TenantScope scope = tenant();
    List<LeasedBuckets<String>> nodes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      nodes.add(slowBuckets());
    }
    AtomicInteger admitted = new AtomicInteger();
    List<Future<Void>> all = new ArrayList<>();
    List<Context> loops = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      loops.add(vertx.getOrCreateContext());
    }
    for (int i = 0; i < 1_000; i++) {
      Promise<Void> done = Promise.promise();
      all.add(done.future());
      LeasedBuckets<String> node = nodes.get(i % nodes.size());
      loops
          .get(i % loops.size())
          .runOnContext(
              v ->
                  node.admit(scope, "x", SLOW, burst)
                      .onSuccess(ok -> admitted.incrementAndGet())
                      .onComplete(r -> done.complete()));
    }
    await(Future.all(all));
    assertEquals(burst, admitted.get());
    nodes.forEach(node -> await(node.close()));
  }

  @Test
  void whatIsAdmittedInAnyWindowStaysUnderBurstPlusRate() {
    int perSecond = 200;
    int burst = 40;
    TenantScope scope = tenant();
    Limits under = rate(perSecond, burst);
    List<RateLimits> nodes =
        List.of(new RateLimits(vertx, redis), new RateLimits(vertx, redis), limits);
    List<Long> times = new ArrayList<>();
    long end = System.nanoTime() + 1_500_000_000L;
    int node = 0;
    while (System.nanoTime() < end) {
      if (isAdmitted(nodes.get(node++ % 3).admit(scope, under))) {
        times.add(System.nanoTime());
      }
    }
    for (int from = 0; from < times.size(); from++) {
      for (int to = from; to < times.size(); to++) {
        double seconds = (times.get(to) - times.get(from)) / 1e9;
        double most = burst + perSecond * seconds + perSecond * 0.01;
        assertTrue(to - from + 1 <= most, (to - from + 1) + " in " + seconds + " s");
      }
    }
    assertTrue(times.size() >= burst + perSecond, "only " + times.size() + " were admitted");
    nodes.subList(0, 2).forEach(one -> await(one.close()));
  }

  @Test
  void aBusyTenantBelowItsLimitMakesNoRoundTripForMostOfItsCalls() {
    TenantScope scope = tenant();
    Limits under = rate(1_000_000, 200_000);
    int here = 0;
    int calls = 0;
    long end = System.nanoTime() + 2_000_000_000L;
    while (System.nanoTime() < end) {
      calls++;
      Future<Void> admitted = limits.admit(scope, under);
      if (admitted.isComplete()) {
        here++;
      }
      await(admitted);
    }
    assertTrue(calls > 10_000, "only " + calls);
    assertTrue(here > calls * 0.9, here + " of " + calls + " without a round trip");
  }

  @Test
  void aPermitThatIsHereCostsNoAllocation() {
    TenantScope scope = tenant();
    Limits under = rate(1_000_000, 200_000);
    warm(scope, under);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 50; round++) {
      boolean here = true;
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 10; i++) {
        here &= limits.admit(scope, under).succeeded();
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      least = here ? Math.min(least, allocated) : least;
    }
    assertEquals(0, least);
  }

  @Test
  void anIdleTenantHoldsNothingAndLeavesNoKeyBehind() {
    TenantScope scope = tenant();
    Limits under = rate(1_000_000, 10_000);
    warm(scope, under);
    eventually(() -> await(redis.hashSize(scope.key("rate"))) == 0);
    assertEquals(Map.of(), await(redis.hashGetAll(scope.key("rate"))));
    eventually(() -> limits.activeTenants() == 0);
  }

  @Test
  void aRefusalNamesTheLimitItsOwnerTheAmountsAndWhenToComeBack() {
    TenantScope scope = tenant();
    Limits under = rate(2, 1);
    long before = System.currentTimeMillis();
    await(limits.admit(scope, under));
    ParleyException refused = refusal(limits.admit(scope, under));
    assertEquals(ErrorCode.RATE_LIMITED, refused.code());
    assertEquals("messages_per_second", refused.details().get("limit"));
    assertEquals("tenant " + scope.tenant(), refused.details().get("owner"));
    assertEquals(1L, refused.details().get("used"));
    assertEquals(1L, refused.details().get("max"));
    assertEquals(2L, refused.details().get("rate"));
    long resetsAt = (long) refused.details().get("resetsAt");
    assertTrue(resetsAt > before && resetsAt <= System.currentTimeMillis() + 501);
    assertTrue(refused.retryAfterMs() > 0 && refused.retryAfterMs() <= 501);
    assertTrue(refused.text().startsWith("tenant " + scope.tenant() + " may have 2 messages"));
    assertTrue(refused.text().endsWith("ask the operator of this hub for a higher plan"));
  }

  @Test
  void whoComesBackWhenTheRefusalSaysIsAdmitted() {
    TenantScope scope = tenant();
    Limits under = rate(10, 1);
    for (int i = 0; i < 5; i++) {
      await(limits.admit(scope, under));
      ParleyException refused = refusal(limits.admit(scope, under));
      Promise<Void> later = Promise.promise();
      vertx.setTimer(refused.retryAfterMs() + 2, id -> later.complete());
      await(later.future().compose(v -> limits.admit(scope, under)));
      Promise<Void> refilled = Promise.promise();
      vertx.setTimer(110, id -> refilled.complete());
      await(refilled.future());
    }
  }

  @Test
  void aFloodOverTheLimitDoesNotReachRedis() {
    TenantScope scope = tenant();
    Limits under = rate(1, 1);
    await(limits.admit(scope, under));
    refusal(limits.admit(scope, under));
    CountingStore counted = new CountingStore(redis);
    RateLimits flooded = new RateLimits(vertx, counted);
    long start = System.nanoTime();
    for (int i = 0; i < 5_000; i++) {
      refusal(flooded.admit(scope, under));
    }
    long windows = (System.nanoTime() - start) / 50_000_000 + 2;
    assertTrue(counted.runs() <= windows + 1, counted.runs() + " runs in " + windows);
    await(flooded.close());
  }

  @Test
  void aLimitOfZeroPermitsNothing() {
    ParleyException refused = refusal(limits.admit(tenant(), rate(0, 100)));
    assertEquals(ErrorCode.RATE_LIMITED, refused.code());
    assertEquals(0L, refused.details().get("max"));
    assertFalse(refused.details().containsKey("resetsAt"));
    assertEquals(-1, refused.retryAfterMs());
  }

  @Test
  void aRaisedLimitAppliesToTheNextCall() {
    TenantScope scope = tenant();
    await(limits.admit(scope, rate(1, 1)));
    refusal(limits.admit(scope, rate(1, 1)));
    for (int i = 0; i < 9; i++) {
      await(limits.admit(scope, rate(1, 10)));
    }
    refusal(limits.admit(scope, rate(1, 10)));
  }

  @Test
  void aLoweredLimitTakesBackWhatIsLeased() {
    TenantScope scope = tenant();
    warm(scope, rate(100_000, 10_000));
    Limits lowered = rate(1, 2);
    int admitted = 0;
    for (int i = 0; i < 50; i++) {
      admitted += isAdmitted(limits.admit(scope, lowered)) ? 1 : 0;
    }
    assertTrue(admitted <= 3, admitted + " were admitted");
  }

  @Test
  void aCallerHearsOnItsOwnContext() {
    TenantScope scope = tenant();
    Context mine = vertx.getOrCreateContext();
    Promise<Context> heard = Promise.promise();
    mine.runOnContext(
        v ->
            limits
                .admit(scope, rate(10, 10))
                .onComplete(done -> heard.complete(Vertx.currentContext())));
    assertSame(mine, await(heard.future()));
  }

  @Test
  void aChannelHasARateOfItsOwn() {
    TenantScope scope = tenant();
    ChannelRates channels = new ChannelRates(vertx, redis);
    for (int i = 0; i < 3; i++) {
      await(channels.admit(scope, "ch_one", 3));
    }
    ParleyException refused = refusal(channels.admit(scope, "ch_one", 3));
    assertEquals("calls_per_minute", refused.details().get("limit"));
    assertEquals("channel ch_one", refused.details().get("owner"));
    assertEquals(3L, refused.details().get("max"));
    assertTrue(refused.retryAfterMs() > 15_000 && refused.retryAfterMs() <= 20_001);
    await(channels.admit(scope, "ch_two", 3));
    await(channels.close());
  }

  private static boolean isAdmitted(Future<Void> call) {
    return await(
        call.map(true)
            .otherwise(
                e -> {
                  assertEquals(ErrorCode.RATE_LIMITED, ((ParleyException) e).code());
                  return false;
                }));
  }

  /** Calls until permits are held here; answers a call that was served from them. */
  private Future<Void> warm(TenantScope scope, Limits under) {
    List<Future<Void>> served = new ArrayList<>();
    eventually(
        () -> {
          for (int i = 0; i < 50; i++) {
            await(limits.admit(scope, under));
          }
          Future<Void> call = limits.admit(scope, under);
          if (call.isComplete()) {
            served.add(call);
          } else {
            await(call);
          }
          return !served.isEmpty();
        });
    return served.get(0);
  }

  private LeasedBuckets<String> slowBuckets() {
    return new LeasedBuckets<>(
        vertx,
        redis,
        (scope, key) ->
            new BucketLabel(scope.key("rate", key), "limit", "owner", "things", 1, "advice"));
  }
}
