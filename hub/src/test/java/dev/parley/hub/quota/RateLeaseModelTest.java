package dev.parley.hub.quota;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.tenant.TenantScope;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** The lease script against its promise, in real time, by Redis's own clock. */
class RateLeaseModelTest {
  private static final Script LEASE = new Script("rate-lease");
  private static RedisServer redis;

  /**
   * What one holder does.
   *
   * @param spend of what it holds, before it asks
   * @param kill whether it forgets what it holds instead of telling
   * @param pause commands to let pass first, to let time pass
   */
  record Step(int holder, int spend, boolean kill, int back, int wanted, int stock, int pause) {}

  record Spent(long atMs, long permits) {}

  @BeforeContainer
  static void start() {
    redis = new RedisServer();
  }

  @AfterContainer
  static void stop() {
    redis.close();
  }

  @Property(tries = 60, shrinking = ShrinkingMode.OFF)
  void noWindowSeesMoreThanBurstPlusRateTimesItsLength(
      @ForAll("rates") double rate,
      @ForAll("bursts") int burst,
      @ForAll("leaseTimes") int leaseMs,
      @ForAll("steps") List<Step> steps) {
    TenantScope scope = Fixture.tenant();
    long[] held = new long[3];
    long[] ends = new long[3];
    List<Spent> spent = new ArrayList<>();
    long now = 0;
    for (Step step : steps) {
      for (int i = 0; i < step.pause; i++) {
        await(redis.store().ping());
      }
      int who = step.holder;
      if (now < ends[who]) {
        long permits = Math.min(step.spend, held[who]);
        spent.add(new Spent(now, permits));
        held[who] -= permits;
      }
      if (step.kill) {
        held[who] = 0;
      }
      long back = Math.min(step.back, held[who]);
      long kept = held[who] - back;
      ScriptResult result = lease(scope, who, rate, burst, kept, back, step, leaseMs);
      long granted = result.integer(0);
      now = result.integer(5);
      spent.add(new Spent(now, granted));
      held[who] = (result.integer(2) == 1 ? kept : 0) + result.integer(1);
      ends[who] = now + leaseMs;
      assertTrue(granted <= step.wanted && result.integer(1) <= step.stock);
      assertEquals(granted == step.wanted, result.integer(3) == 0);
    }
    for (int from = 0; from < spent.size(); from++) {
      long sum = 0;
      for (int to = from; to < spent.size(); to++) {
        sum += spent.get(to).permits;
        double seconds = (spent.get(to).atMs - spent.get(from).atMs + 1) / 1_000.0;
        assertTrue(
            sum <= burst + rate * seconds + 1e-6,
            sum + " permits within " + seconds + " s at " + rate + "/s, burst " + burst);
      }
    }
  }

  @Property(tries = 30, shrinking = ShrinkingMode.OFF)
  void whoWaitsAsLongAsItIsToldGetsAPermit(
      @ForAll("fastRates") double rate, @ForAll("bursts") int burst) {
    TenantScope scope = Fixture.tenant();
    Step all = new Step(0, 0, false, 0, burst + 1, 0, 0);
    ScriptResult empty = lease(scope, 0, rate, burst, 0, 0, all, 1_000);
    assertTrue(empty.integer(0) >= burst);
    long due = empty.integer(5) + empty.integer(3);
    Step one = new Step(1, 0, false, 0, 1, 0, 0);
    ScriptResult next;
    do {
      next = lease(scope, 1, rate, burst, 0, 0, one, 1_000);
    } while (next.integer(0) == 0 && next.integer(5) < due);
    assertEquals(1, next.integer(0), "due " + due + ", asked at " + next.integer(5));
  }

  private static ScriptResult lease(
      TenantScope scope,
      int holder,
      double rate,
      int burst,
      long kept,
      long back,
      Step step,
      int leaseMs) {
    return await(
        redis
            .store()
            .run(
                LEASE,
                List.of(scope.key("rate")),
                List.of(
                    "holder" + holder,
                    Double.toString(rate),
                    Integer.toString(burst),
                    Long.toString(kept),
                    Long.toString(back),
                    Integer.toString(step.wanted),
                    Integer.toString(step.stock),
                    Integer.toString(leaseMs))));
  }

  @Provide
  Arbitrary<Double> rates() {
    return Arbitraries.doubles().between(0.5, 20_000);
  }

  @Provide
  Arbitrary<Double> fastRates() {
    return Arbitraries.doubles().between(50, 5_000);
  }

  @Provide
  Arbitrary<Integer> bursts() {
    return Arbitraries.integers().between(1, 400);
  }

  @Provide
  Arbitrary<Integer> leaseTimes() {
    return Arbitraries.integers().between(1, 30);
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Integer> few = Arbitraries.integers().between(0, 60);
    return Combinators.combine(
            Arbitraries.integers().between(0, 2),
            few,
            Arbitraries.integers().between(0, 9).map(n -> n == 0),
            few,
            few,
            few,
            Arbitraries.integers().between(0, 8))
        .as(Step::new)
        .list()
        .ofMinSize(60)
        .ofMaxSize(120);
  }
}
