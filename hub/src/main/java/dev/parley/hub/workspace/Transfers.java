package dev.parley.hub.workspace;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.HashMap;
import java.util.Map;

/** Bounds how many up- and downloads there are, each of which keeps a file open. */
final class Transfers {
  private static final long RETRY_AFTER_MS = 1_000;

  private final int most;
  private final int mostPerTenant;
  private final Map<TenantId, Integer> open = new HashMap<>();
  private int all;

  Transfers(int most, int mostPerTenant) {
    this.most = most;
    this.mostPerTenant = mostPerTenant;
  }

  /**
   * Begins one; {@link #end} must follow once.
   *
   * @throws ParleyException {@code rate_limited} when there are too many
   */
  synchronized void begin(TenantId tenant) {
    int own = open.getOrDefault(tenant, 0);
    if (own >= mostPerTenant) {
      throw tooMany("tenant " + tenant, "tenant_transfers", own, mostPerTenant);
    }
    if (all >= most) {
      throw tooMany("this hub", "transfers", all, most);
    }
    open.put(tenant, own + 1);
    all++;
  }

  synchronized void end(TenantId tenant) {
    open.computeIfPresent(tenant, (id, own) -> own == 1 ? null : own - 1);
    all--;
  }

  synchronized int count() {
    return all;
  }

  private static ParleyException tooMany(String owner, String limit, int used, int max) {
    return new ParleyException(
            ErrorCode.RATE_LIMITED,
            "%s has %d files on the way, as many as it may; try again".formatted(owner, used))
        .with("limit", limit)
        .with("owner", owner)
        .with("used", used)
        .with("max", max)
        .retryAfter(RETRY_AFTER_MS);
  }
}
