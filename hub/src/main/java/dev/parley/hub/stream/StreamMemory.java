package dev.parley.hub.stream;

import dev.parley.protocol.address.TenantId;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes that streams keep, so that neither one tenant nor all keep too many. */
final class StreamMemory {
  private final long max;
  private final long maxOfTenant;
  private final AtomicLong used = new AtomicLong();
  private final ConcurrentMap<TenantId, Long> byTenant = new ConcurrentHashMap<>();

  StreamMemory(long max, long maxOfTenant) {
    this.max = max;
    this.maxOfTenant = maxOfTenant;
  }

  /** Takes so many bytes, if there are. */
  boolean take(TenantId tenant, long bytes) {
    if (used.addAndGet(bytes) > max) {
      used.addAndGet(-bytes);
      return false;
    }
    if (byTenant.merge(tenant, bytes, Long::sum) > maxOfTenant) {
      give(tenant, bytes);
      return false;
    }
    return true;
  }

  void give(TenantId tenant, long bytes) {
    used.addAndGet(-bytes);
    byTenant.computeIfPresent(tenant, (id, before) -> before == bytes ? null : before - bytes);
  }

  long used() {
    return used.get();
  }
}
