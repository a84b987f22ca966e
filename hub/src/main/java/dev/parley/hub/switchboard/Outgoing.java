package dev.parley.hub.switchboard;

import dev.parley.protocol.error.ParleyException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A call as its caller holds it: started once, cancellable at any time, answered once. Answers come
 * on whatever thread ended the call.
 */
public final class Outgoing {
  private final CallOrder order;
  private final Switchboard switchboard;
  private final Switchboard.Chunks chunks;
  private final Credits credits;
  private final AtomicBoolean answered = new AtomicBoolean();
  private volatile boolean started;
  private volatile Runnable onAdmitted = () -> {};
  private volatile Consumer<Reply> onReply = reply -> {};
  private volatile Consumer<ParleyException> onFailure = failure -> {};
  private volatile @Nullable Delivery delivery;
  private volatile @Nullable ParleyException cancelled;

  Outgoing(CallOrder order, Switchboard switchboard, Switchboard.Chunks chunks, Credits credits) {
    this.order = order;
    this.switchboard = switchboard;
    this.chunks = chunks;
    this.credits = credits;
  }

  /** Starts the call; exactly one of the two is told how it ended. */
  public void start(Consumer<Reply> reply, Consumer<ParleyException> failure) {
    start(() -> {}, reply, failure);
  }

  /** Starts the call; {@code admitted} is told before the agent gets it, unless it is refused. */
  public void start(Runnable admitted, Consumer<Reply> reply, Consumer<ParleyException> failure) {
    onAdmitted = admitted;
    onReply = reply;
    onFailure = failure;
    started = true;
    ParleyException reason = cancelled;
    if (reason == null) {
      switchboard.start(this);
    } else {
      fail(reason);
    }
  }

  /**
   * Cancels; one that has not been started fails when it is.
   *
   * @param why completes «the call was cancelled: …»
   * @return whether it was still under way
   */
  public boolean cancel(String why) {
    ParleyException reason = Delivery.cancelled(why);
    cancelled = reason;
    if (!started) {
      return true;
    }
    Delivery admitted = delivery;
    return admitted == null ? fail(reason) : admitted.cancel(reason);
  }

  /** Takes so many chunks more. */
  public void grant(long credit) {
    credits.add(credit);
  }

  Credits credits() {
    return credits;
  }

  CallOrder order() {
    return order;
  }

  Switchboard.Chunks chunks() {
    return chunks;
  }

  /** The call was admitted; a cancellation that came meanwhile takes effect now. */
  void admitted(Delivery to) {
    delivery = to;
    onAdmitted.run();
    ParleyException reason = cancelled;
    if (reason != null) {
      to.cancel(reason);
    }
  }

  void succeed(Reply reply) {
    if (answered.compareAndSet(false, true)) {
      onReply.accept(reply);
    }
  }

  boolean fail(ParleyException failure) {
    if (answered.compareAndSet(false, true)) {
      onFailure.accept(failure);
      return true;
    }
    return false;
  }
}
