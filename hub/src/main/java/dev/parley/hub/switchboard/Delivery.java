package dev.parley.hub.switchboard;

import dev.parley.hub.access.Principal;
import dev.parley.hub.channel.Permit;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.netty.util.Timeout;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One message at its agent, from admission to its end. It ends once: the first of reply, failure,
 * cancellation and deadline wins, and everything after is ignored. Thread-safe.
 */
public final class Delivery {

  /** What the switchboard does when a delivery ends. */
  interface Ending {
    void ended(Delivery delivery, @Nullable RawJson reply, @Nullable ParleyException failure);
  }

  private final Envelope envelope;
  private final int attempt;
  private final Principal caller;
  private final @Nullable Permit permit;
  private final Account account;
  private final Credits credits;
  private final Consumer<RawJson> onChunk;
  private final Ending ending;
  private final AtomicReference<@Nullable Object> outcome = new AtomicReference<>();
  private final AtomicInteger ledTo = new AtomicInteger();
  private volatile Consumer<ParleyException> onCancel = Delivery::ignore;
  private volatile @Nullable Timeout deadline;

  Delivery(
      Envelope envelope,
      int attempt,
      Principal caller,
      @Nullable Permit permit,
      Account account,
      Credits credits,
      Consumer<RawJson> onChunk,
      Ending ending) {
    this.envelope = envelope;
    this.attempt = attempt;
    this.caller = caller;
    this.permit = permit;
    this.account = account;
    this.credits = credits;
    this.onChunk = onChunk;
    this.ending = ending;
  }

  public Envelope envelope() {
    return envelope;
  }

  /** How many messages its agent has sent because of it. */
  public int ledTo() {
    return ledTo.get();
  }

  /** Its agent sends a message because of it; answers how many it has sent with that. */
  int leadsToOneMore() {
    return ledTo.incrementAndGet();
  }

  /** How often a sent message was handed over, this time included; 0 for a call. */
  public int attempt() {
    return attempt;
  }

  /** The account that pays for the model tokens used to handle the message. */
  public Account account() {
    return account;
  }

  /**
   * Passes on a piece of the reply; ignored when the caller did not ask for a stream. A piece for
   * which there is no credit ends the delivery: the agent is told to stop, the caller that it broke
   * the rules.
   */
  public void chunk(RawJson payload) {
    if (ended()) {
      return;
    }
    if (credits.take()) {
      onChunk.accept(payload);
    } else {
      String why = "agent %s sent a chunk without credit for it".formatted(envelope.to());
      cancel(
          new ParleyException(ErrorCode.LIMIT_EXCEEDED, why).with("limit", "stream_credit"),
          new ParleyException(ErrorCode.AGENT_FAILED, why).with("reason", "stream_credit"));
    }
  }

  /**
   * Tells how many chunks the caller takes ({@link Credits#UNLIMITED} for any number), and each
   * time it takes more.
   *
   * @param first runs at once, before any {@code later}
   */
  public void followCredits(LongConsumer first, LongConsumer later) {
    credits.follow(first, later);
  }

  /** The caller takes so many chunks more. */
  void grant(long credit) {
    credits.add(credit);
  }

  /** Answers; false when the delivery had ended before. */
  public boolean reply(RawJson payload) {
    return end(payload, payload, null);
  }

  /** Fails; false when the delivery had ended before. */
  public boolean fail(ParleyException failure) {
    return end(failure, null, failure);
  }

  public boolean ended() {
    return outcome.get() != null;
  }

  /**
   * Sets what to do when the caller, a revocation or the deadline ends the delivery. Runs at once
   * when that has happened already; never after a reply or a failure of the agent's own.
   */
  public void onCancel(Consumer<ParleyException> hook) {
    onCancel = hook;
    if (outcome.get() instanceof Cancellation cancellation) {
      takeCancelHook().accept(cancellation.reason);
    }
  }

  /** Ends the delivery from outside: tells the agent to stop and the caller why. */
  boolean cancel(ParleyException reason) {
    return cancel(reason, reason);
  }

  private boolean cancel(ParleyException reason, ParleyException failure) {
    if (!end(new Cancellation(reason), null, failure)) {
      return false;
    }
    takeCancelHook().accept(reason);
    return true;
  }

  Principal caller() {
    return caller;
  }

  @Nullable Permit permit() {
    return permit;
  }

  /** Sets what is to be cancelled when the delivery ends. */
  void endsBy(Timeout timeout) {
    deadline = timeout;
    if (ended()) {
      timeout.cancel();
    }
  }

  private static void ignore(ParleyException reason) {}

  private record Cancellation(ParleyException reason) {}

  private boolean end(Object as, @Nullable RawJson reply, @Nullable ParleyException failure) {
    if (!outcome.compareAndSet(null, as)) {
      return false;
    }
    Timeout timeout = deadline;
    if (timeout != null) {
      timeout.cancel();
    }
    ending.ended(this, reply, failure);
    return true;
  }

  private synchronized Consumer<ParleyException> takeCancelHook() {
    Consumer<ParleyException> hook = onCancel;
    onCancel = Delivery::ignore;
    return hook;
  }

  static ParleyException cancelled(String why) {
    return new ParleyException(ErrorCode.CANCELLED, "the call was cancelled: " + why);
  }
}
