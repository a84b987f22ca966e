package dev.parley.hub.cluster;

import io.vertx.core.Handler;
import io.vertx.core.eventbus.DeliveryContext;
import io.vertx.core.eventbus.EventBus;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Loses one message of a kind on its way from or to a node of this process, as a connection that
 * breaks would, until it is closed.
 */
final class LostMessages implements AutoCloseable {
  private final EventBus bus;
  private final String kind;
  private final int after;
  private final AtomicInteger seen = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private final Handler<DeliveryContext<Object>> interceptor = this::pass;

  /**
   * Begins.
   *
   * @param after how many of the kind come through before
   */
  LostMessages(EventBus bus, String kind, int after) {
    this.bus = bus;
    this.kind = kind;
    this.after = after;
    bus.addOutboundInterceptor(interceptor);
    bus.addInboundInterceptor(interceptor);
  }

  /** How many were lost. */
  int count() {
    return lost.get();
  }

  private void pass(DeliveryContext<Object> message) {
    if (kind.equals(message.message().headers().get("kind")) && seen.getAndIncrement() == after) {
      lost.incrementAndGet();
    } else {
      message.next();
    }
  }

  @Override
  public void close() {
    bus.removeOutboundInterceptor(interceptor);
    bus.removeInboundInterceptor(interceptor);
  }
}
