package dev.parley.hub.quota;

import static dev.parley.hub.quota.Fixture.eventually;
import static dev.parley.hub.quota.Fixture.rate;
import static dev.parley.hub.quota.Fixture.refusal;
import static dev.parley.hub.quota.Fixture.tenant;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What this package promises while Redis hangs. */
class RedisOutageTest {
  private static final Limits WIDE = rate(1_000_000, 200_000);

  private final RedisServer redis = new RedisServer();
  private final RateLimits limits = new RateLimits(redis.vertx(), redis.store());
  private final TenantScope scope = tenant();

  @AfterEach
  void stop() {
    await(limits.close());
    redis.close();
  }

  @Test
  void whatIsLeasedIsSpentThenCallsFailClosedAndWorkAgainWhenRedisIsBack() {
    eventually(
        () -> {
          for (int i = 0; i < 500; i++) {
            await(limits.admit(scope, WIDE));
          }
          return limits.admit(scope, WIDE).isComplete();
        });
    redis.pause();
    ParleyException refused;
    int spent = 0;
    try {
      Future<Void> call = limits.admit(scope, WIDE);
      while (call.succeeded()) {
        spent++;
        call = limits.admit(scope, WIDE);
      }
      refused = refusal(call);
    } finally {
      redis.resume();
    }
    assertTrue(spent > 0, "nothing was leased");
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    assertTrue(refused.retryAfterMs() > 0);
    eventually(() -> await(limits.admit(scope, WIDE).map(true).otherwise(false)));
  }

  @Test
  void aBudgetIsNeverGuessed() {
    try (Node node = Node.start(redis.vertx(), redis.store())) {
      Spend spend = Spend.of(new AgentId("main"), 10, 1, Duration.ofMinutes(1));
      redis.pause();
      try {
        ParleyException refused = refusal(node.budgets().reserve(scope, Plan.FREE.limits(), spend));
        assertEquals(ErrorCode.UNAVAILABLE, refused.code());
      } finally {
        redis.resume();
      }
      eventually(() -> await(redis.store().ping().map(true).otherwise(false)));
      eventually(() -> node.used(scope, "tokens_per_day") == 0);
      assertEquals(0, await(redis.store().hashSize(Books.reservations(scope))));
    }
  }

  @Test
  void aFloodWhileRedisHangsIsBounded() {
    redis.pause();
    try {
      Future<Void> tooMany = Future.succeededFuture();
      for (int i = 0; i <= LeasedBucket.MAX_WAITING; i++) {
        tooMany = limits.admit(scope, WIDE);
      }
      assertTrue(tooMany.failed(), "the queue has no bound");
      ParleyException refused = (ParleyException) tooMany.cause();
      assertEquals(ErrorCode.UNAVAILABLE, refused.code());
      assertTrue(refused.text().contains(Integer.toString(LeasedBucket.MAX_WAITING)));
    } finally {
      redis.resume();
    }
    eventually(() -> await(limits.admit(scope, WIDE).map(true).otherwise(false)));
  }
}
