package dev.parley.hub.quota;

import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Calls in flight by tenant, on this node. Holds a number for each tenant with a call in flight and
 * nothing for the others. May be called from any thread.
 */
public final class Concurrency {
  private static final long RETRY_AFTER_MS = 100;

  private final Map<TenantId, Integer> inFlight = new ConcurrentHashMap<>();

  /** A call in flight, until it is closed; closing it again does nothing. */
  public final class Slot implements AutoCloseable {
    private final TenantId tenant;
    private final AtomicBoolean open = new AtomicBoolean(true);

    private Slot(TenantId tenant) {
      this.tenant = tenant;
    }

    @Override
    public void close() {
      if (open.compareAndSet(true, false)) {
        inFlight.computeIfPresent(tenant, (id, calls) -> calls == 1 ? null : calls - 1);
      }
    }
  }

  /**
   * Begins a call.
   *
   * @return to be closed when the call has ended, however it did
   * @throws ParleyException {@code rate_limited} with the details {@code limit=concurrent_calls},
   *     {@code owner}, {@code used} and {@code max}
   */
  public Slot acquire(TenantScope scope, Limits limits) {
    long max = Limits.value(limits.concurrentCalls());
    TenantId tenant = scope.tenant();
    inFlight.compute(
        tenant,
        (id, calls) -> {
          int used = calls == null ? 0 : calls;
          if (used >= max) {
            throw refusal(tenant, used, max);
          }
          return used + 1;
        });
    return new Slot(tenant);
  }

  /** Calls of the tenant in flight on this node. */
  public int inFlight(TenantId tenant) {
    return inFlight.getOrDefault(tenant, 0);
  }

  private static ParleyException refusal(TenantId tenant, int used, long max) {
    return new ParleyException(
            ErrorCode.RATE_LIMITED,
            ("tenant %s has %d calls in flight, of %d it may have; try again when one has ended, or"
                    + " ask the operator of this hub for a higher plan")
                .formatted(tenant, used, max))
        .retryAfter(RETRY_AFTER_MS)
        .with("limit", "concurrent_calls")
        .with("owner", "tenant " + tenant)
        .with("used", (long) used)
        .with("max", max);
  }
}
