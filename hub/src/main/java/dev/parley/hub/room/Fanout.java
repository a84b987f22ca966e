package dev.parley.hub.room;

import dev.parley.hub.access.Principal;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One message to many agents: a sent message each, so that the hub's rules hold for each. The id of
 * each follows from {@code seed} and its agent; sending the same again is harmless.
 */
final class Fanout {
  private static final int LANES = 16;
  private static final int ID_DIGITS = 40;

  /** Sends a message, as the switchboard does. */
  interface Sender {
    Future<Switchboard.Sent> send(CallOrder order, Mail.Priority priority);
  }

  private final Sender sender;
  private final AgentDirectory agents;

  Fanout(Sender sender, AgentDirectory agents) {
    this.sender = sender;
    this.agents = agents;
  }

  /** Who says what, and because of what. */
  record Order(
      Principal caller,
      @Nullable AgentId from,
      RawJson payload,
      String conversation,
      @Nullable CallCause cause,
      @Nullable String traceparent,
      String seed) {}

  /**
   * What came of it.
   *
   * @param open whether some that were refused may be reached when the same is sent again
   */
  record Tally(int reached, int refused, boolean open) {}

  /** Who speaks as an agent must have that agent; fails with {@code not_found}. */
  Future<Void> requireAgent(Party sender) {
    return sender.agent() == null
        ? Future.succeededFuture()
        : agents
            .exists(new AgentAddress(sender.tenant(), sender.agent()))
            .map(
                there -> {
                  if (!there) {
                    throw ParleyException.notFound("agent " + sender);
                  }
                  return null;
                });
  }

  Future<Tally> send(Order order, List<AgentAddress> agents) {
    Count count = new Count();
    Iterator<AgentAddress> rest = agents.iterator();
    List<Future<Void>> lanes = new ArrayList<>();
    for (int lane = 0; lane < Math.min(LANES, agents.size()); lane++) {
      Promise<Void> done = Promise.promise();
      lanes.add(done.future());
      goOn(order, rest, count, done);
    }
    return Future.join(lanes)
        .map(
            done -> new Tally(count.reached.get(), count.refused.get(), count.unsettled.get() > 0));
  }

  /** A loop, as many may be refused at once: neither calls nor futures may nest for each. */
  private void goOn(Order order, Iterator<AgentAddress> rest, Count count, Promise<Void> done) {
    for (AgentAddress agent = next(rest); agent != null; agent = next(rest)) {
      Future<Switchboard.Sent> sent = one(order, agent);
      if (!sent.isComplete()) {
        sent.onComplete(
            ended -> {
              count.add(ended.cause());
              goOn(order, rest, count, done);
            });
        return;
      }
      count.add(sent.cause());
    }
    done.complete();
  }

  private static @Nullable AgentAddress next(Iterator<AgentAddress> rest) {
    synchronized (rest) {
      return rest.hasNext() ? rest.next() : null;
    }
  }

  /** Sends it to one of them; fails as a sent message does. */
  Future<Switchboard.Sent> one(Order order, AgentAddress agent) {
    try {
      return sender.send(
          new CallOrder(
              order.caller,
              order.from,
              agent,
              order.payload,
              order.conversation,
              0,
              Kind.SEND,
              order.cause,
              new MessageId("room-" + digest(order.seed + '\n' + agent).substring(0, ID_DIGITS)),
              order.traceparent),
          Mail.Priority.NORMAL);
    } catch (ParleyException refused) {
      return Future.failedFuture(refused);
    }
  }

  static boolean mayPassLater(Throwable failure) {
    return !(failure instanceof ParleyException known)
        || known.code().retryable()
        || known.code() == ErrorCode.INTERNAL;
  }

  /** SHA-256 in hexadecimal digits. */
  static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Count {
    private final AtomicInteger reached = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger unsettled = new AtomicInteger();

    private void add(@Nullable Throwable failure) {
      if (failure == null) {
        reached.incrementAndGet();
        return;
      }
      refused.incrementAndGet();
      if (mayPassLater(failure)) {
        unsettled.incrementAndGet();
      }
    }
  }
}
