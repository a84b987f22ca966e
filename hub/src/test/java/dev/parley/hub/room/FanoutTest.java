package dev.parley.hub.room;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FanoutTest {
  private static final int MANY = 200_000;
  private static final TenantId ACME = new TenantId("acme");
  private static final List<AgentAddress> AGENTS =
      IntStream.range(0, MANY).mapToObj(i -> AgentAddress.parse("acme/agent-" + i)).toList();

  private static Fanout.Tally send(Fanout.Sender sender) {
    Fanout.Order order =
        new Fanout.Order(
            HubPrincipals.sender(ACME), null, new RawJson("1"), "c", null, null, "seed");
    return await(new Fanout(sender, null).send(order, AGENTS));
  }

  @Test
  void manyMayBeRefusedAtOnce() {
    ParleyException full = new ParleyException(ErrorCode.MAILBOX_FULL, "full");
    Fanout.Tally tally = send((order, priority) -> Future.failedFuture(full));
    assertEquals(new Fanout.Tally(0, MANY, true), tally);
  }

  @Test
  void manyMayBeReachedAndFewAreUnderWayAtATime() {
    ExecutorService later = Executors.newSingleThreadExecutor();
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try {
      Fanout.Tally tally =
          send(
              (order, priority) -> {
                most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                Promise<Switchboard.Sent> sent = Promise.promise();
                later.execute(
                    () -> {
                      underWay.decrementAndGet();
                      sent.complete(new Switchboard.Sent(new MessageId("m"), "accepted"));
                    });
                return sent.future();
              });
      assertEquals(new Fanout.Tally(MANY, 0, false), tally);
      assertTrue(most.get() <= 16, () -> most + " at a time");
    } finally {
      later.shutdownNow();
    }
  }
}
