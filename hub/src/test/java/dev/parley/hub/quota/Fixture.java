package dev.parley.hub.quota;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.Plan;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** Tenants and limits for tests. */
final class Fixture {
  static final TenantScopes SCOPES = new TenantScopes(Path.of("unused"));
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private Fixture() {}

  /** The scope of a tenant that nobody used before. */
  static TenantScope tenant() {
    return scope("t" + NUMBER.incrementAndGet());
  }

  static TenantScope scope(String tenant) {
    return SCOPES.of(HubPrincipals.bookkeeper(new TenantId(tenant)));
  }

  static Limits rate(long perSecond, long burst) {
    return Plan.UNMETERED
        .limits()
        .with(
            new Limits(
                perSecond, burst, null, null, null, null, null, null, null, null, null, null, null,
                null, null, null, null, null, null, null));
  }

  static Limits concurrent(long calls) {
    return Plan.UNMETERED
        .limits()
        .with(
            new Limits(
                null, null, null, null, null, null, calls, null, null, null, null, null, null, null,
                null, null, null, null, null, null));
  }

  static Limits budget(long dayTokens, long monthTokens, long dayMoney, long monthMoney) {
    return Plan.UNMETERED
        .limits()
        .with(
            new Limits(
                null,
                null,
                dayTokens,
                monthTokens,
                dayMoney,
                monthMoney,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null));
  }

  static ParleyException refusal(Future<?> future) {
    return assertThrows(ParleyException.class, () -> RedisExtension.await(future));
  }

  static void eventually(java.util.concurrent.Callable<Boolean> condition) {
    Awaitility.await()
        .pollInSameThread()
        .atMost(java.time.Duration.ofSeconds(20))
        .pollInterval(java.time.Duration.ofMillis(10))
        .until(condition);
  }
}
