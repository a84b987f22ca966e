package dev.parley.hub.gateway.ws;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How many sockets there are on this node, and how many there may be: in all, before they have said
 * who they are, and of each tenant. A place is taken before it is looked whether there was one, so
 * that many at once never get more than there are.
 */
final class Places {
  private final int max;
  private final int maxStrangers;
  private final AtomicInteger sockets = new AtomicInteger();
  private final AtomicInteger strangers = new AtomicInteger();
  private final ConcurrentMap<TenantId, Integer> perTenant = new ConcurrentHashMap<>();

  /**
   * Starts without sockets.
   *
   * @param max sockets in all
   * @param maxStrangers of those, how many that have not authenticated
   */
  Places(int max, int maxStrangers) {
    this.max = max;
    this.maxStrangers = maxStrangers;
  }

  int taken() {
    return sockets.get();
  }

  /** A new socket takes a place; whether it may have it says {@link Place#granted}. */
  Place take() {
    int number = sockets.incrementAndGet();
    int unknown = strangers.incrementAndGet();
    return new Place(number <= max && unknown <= maxStrangers);
  }

  /** The place of one socket until it leaves. */
  final class Place {
    private final boolean granted;
    private @Nullable TenantId tenant;
    private boolean known;
    private boolean left;

    private Place(boolean granted) {
      this.granted = granted;
    }

    boolean granted() {
      return granted;
    }

    /** The socket belongs to the platform, whose sockets are not counted. */
    synchronized void ofThePlatform() {
      identified();
    }

    /**
     * The socket belongs to this tenant.
     *
     * @param most how many the tenant may have here
     * @throws ParleyException {@code limit_exceeded}
     */
    synchronized void of(TenantId id, long most) {
      if (left) {
        return;
      }
      int count = perTenant.merge(id, 1, Integer::sum);
      if (count > most) {
        releaseOf(id);
        throw limitExceeded(id, count - 1, most);
      }
      tenant = id;
      identified();
    }

    synchronized void leave() {
      if (left) {
        return;
      }
      identified();
      left = true;
      sockets.decrementAndGet();
      if (tenant != null) {
        releaseOf(tenant);
      }
    }

    private void identified() {
      if (!known) {
        known = true;
        strangers.decrementAndGet();
      }
    }
  }

  private void releaseOf(TenantId id) {
    perTenant.computeIfPresent(id, (tenant, count) -> count == 1 ? null : count - 1);
  }

  private static ParleyException limitExceeded(TenantId id, int used, long most) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s has %d connections and may have %d; close one first"
                .formatted(id, used, most))
        .with("limit", "connections")
        .with("owner", "tenant " + id)
        .with("used", used)
        .with("max", most);
  }
}
