package dev.parley.hub.mailbox;

import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.switchboard.Mailroom;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the mail of one agent to it, as much at a time as it has room for. Holds only what is with
 * the agent; exists while there is something to do. It takes the mailbox over when it begins and
 * after every change of places, which gives it a token; whoever had it before has no say any more
 * in what is not with the agent through it at that moment. Thread-safe.
 */
final class AgentMailbox {
  private static final Logger LOG = LoggerFactory.getLogger(AgentMailbox.class);
  private static final long STORE_PAUSE_MS = 500;

  /** How long to wait before the mailbox is taken back from a node that has taken it over. */
  private static final long TAKEN_OVER_PAUSE_MS = 2_000;

  /** How the SDKs tell that a handler broke down. */
  private static final Set<Object> BREAKDOWN =
      Set.of(ErrorCode.INTERNAL.wireName(), ErrorCode.AGENT_FAILED.wireName());

  /** What the mailboxes of a hub share. */
  record Office(
      MailStore store,
      MailSettings settings,
      Mailboxes.Surroundings around,
      Supplier<Places> places,
      BiConsumer<MailItem, Receipt> receipts,
      Consumer<TenantId> died) {}

  private final AgentAddress agent;
  private final Office office;
  private final Runnable onIdle;
  private final Map<String, MailItem> out = new HashMap<>();
  private int onTheWay;
  private final List<Promise<List<String>>> standingDown = new ArrayList<>(0);
  private long token;
  private boolean takeOver = true;
  private boolean pumping;
  private boolean again;
  private long timer = -1;
  private long timerAt = Long.MAX_VALUE;

  AgentMailbox(AgentAddress agent, Office office, Runnable onIdle) {
    this.agent = agent;
    this.office = office;
    this.onIdle = onIdle;
  }

  /** Says that there may be something to do; {@link #pump} must follow. */
  synchronized void wake() {
    again = true;
  }

  /** Says that what other nodes have out may be free; {@link #pump} must follow. */
  synchronized void placesChanged() {
    takeOver = true;
    again = true;
  }

  /**
   * Leaves the mailbox to another node.
   *
   * @return the conversations of which a message is with the agent and will be seen to here
   */
  synchronized Future<List<String>> standDown() {
    takeOver = true;
    if (!pumping) {
      return Future.succeededFuture(List.copyOf(out.keySet()));
    }
    Promise<List<String>> promise = Promise.promise();
    standingDown.add(promise);
    return promise.future();
  }

  synchronized boolean isIdle() {
    return !pumping && !again && timer < 0 && out.isEmpty();
  }

  /** Takes out what the agent has room for, until there is nothing or no room. */
  void pump() {
    synchronized (this) {
      if (pumping || !again) {
        return;
      }
      pumping = true;
      again = false;
    }
    if (!office.places.get().isHere(agent)) {
      leave();
      return;
    }
    office
        .around
        .directory()
        .room(agent)
        .compose(this::claim)
        .onSuccess(this::deliverAll)
        .onFailure(
            failure -> {
              LOG.debug("the mailbox of {} pauses", agent, failure);
              synchronized (this) {
                takeOver = true;
              }
              pumped(STORE_PAUSE_MS, false);
            });
  }

  /** The mailbox is another node's now; what is out here is seen to the end. */
  private void leave() {
    synchronized (this) {
      takeOver = true;
      stopTimer();
    }
    office.places.get().wake(agent);
    pumped(-1, false);
  }

  private Future<MailStore.Claim> claim(int room) {
    int most;
    long held;
    List<String> mine;
    synchronized (this) {
      most = Math.min(MailSettings.MAX_AT_AGENT - out.size(), room - onTheWay);
      if (most <= 0) {
        return Future.succeededFuture(new MailStore.Claim(token, -1, List.of()));
      }
      held = takeOver ? 0 : token;
      takeOver = false;
      mine = List.copyOf(out.keySet());
    }
    return kept(held, mine)
        .compose(
            kept -> office.store.sortAndClaim(agent, office.places.get().self(), most, held, kept))
        .map(this::held);
  }

  private Future<List<String>> kept(long held, List<String> mine) {
    return held > 0
        ? Future.succeededFuture(List.of())
        : office
            .places
            .get()
            .standDown(agent, () -> office.store.holders(agent))
            .map(theirs -> Stream.concat(mine.stream(), theirs.stream()).toList());
  }

  private MailStore.Claim held(MailStore.Claim claim) {
    synchronized (this) {
      token = claim.token();
      if (token == 0) {
        takeOver = true;
        return new MailStore.Claim(0, TAKEN_OVER_PAUSE_MS, List.of());
      }
    }
    return claim;
  }

  private void deliverAll(MailStore.Claim claim) {
    synchronized (this) {
      for (MailItem item : claim.items()) {
        out.put(item.conversation(), item);
        onTheWay++;
      }
    }
    claim.items().forEach(this::deliver);
    pumped(claim.nextPause(), claim.more() || !claim.items().isEmpty());
  }

  private void pumped(long nextInMs, boolean more) {
    boolean goOn;
    List<Promise<List<String>>> left;
    List<String> mine;
    synchronized (this) {
      pumping = false;
      left = List.copyOf(standingDown);
      standingDown.clear();
      takeOver = takeOver || !left.isEmpty();
      mine = List.copyOf(out.keySet());
      again = again || more;
      goOn = again;
      if (nextInMs >= 0) {
        goOnIn(nextInMs);
      }
    }
    left.forEach(promise -> promise.complete(mine));
    if (goOn) {
      pump();
    } else {
      onIdle.run();
    }
  }

  /** Called with the lock held. */
  private void stopTimer() {
    if (timer >= 0) {
      office.around.vertx().cancelTimer(timer);
    }
    timer = -1;
    timerAt = Long.MAX_VALUE;
  }

  /** Called with the lock held; by a clock that nobody sets. */
  private void goOnIn(long ms) {
    long at = TimeUnit.NANOSECONDS.toMillis(System.nanoTime()) + ms;
    if (at >= timerAt) {
      return;
    }
    stopTimer();
    timerAt = at;
    long delay = Math.max(1, ms);
    timer =
        office
            .around
            .vertx()
            .setTimer(
                delay,
                passed -> {
                  synchronized (this) {
                    timer = -1;
                    timerAt = Long.MAX_VALUE;
                    again = true;
                  }
                  pump();
                });
  }

  private void deliver(MailItem item) {
    Mail mail = item.mail();
    long now = office.around.clock().millis();
    if (now >= mail.envelope().deadline()) {
      arrived();
      end(item, MailStatus.EXPIRED, expired());
      return;
    }
    if (item.attempt() > office.settings.maxAttempts()) {
      arrived();
      end(item, MailStatus.FAILED, neverAcknowledged(item.attempt() - 1));
      return;
    }
    long deadline =
        Math.min(mail.envelope().deadline(), now + office.settings.ackTimeout().toMillis());
    office
        .around
        .carrier()
        .deliver(
            mail,
            item.attempt(),
            deadline,
            new Mailroom.Handling() {
              private boolean under;

              @Override
              public void handedOver() {
                under = true;
                arrived();
                office.store.delivered(item);
                tell(item, MailStatus.DELIVERED, null);
              }

              @Override
              public void ended(boolean handedOver, @Nullable ParleyException failure) {
                if (!under) {
                  arrived();
                }
                onEnded(item, handedOver, failure);
              }
            });
  }

  private synchronized void arrived() {
    onTheWay--;
  }

  private void onEnded(MailItem item, boolean handedOver, @Nullable ParleyException failure) {
    if (failure == null) {
      end(item, MailStatus.HANDLED, null);
      return;
    }
    long now = office.around.clock().millis();
    if (now >= item.mail().envelope().deadline()) {
      end(item, MailStatus.EXPIRED, expired());
    } else if (isFinal(handedOver, failure)
        || (handedOver && counts(failure) && item.attempt() >= office.settings.maxAttempts())) {
      end(item, MailStatus.FAILED, failure);
    } else {
      boolean counted = handedOver && counts(failure);
      long asked = Math.min(failure.retryAfterMs(), MailSettings.MAX_ASKED_PAUSE_MS);
      long pause = Math.max(asked, counted ? office.settings.backOffAfter(item.attempt()) : 200);
      long jitter = ThreadLocalRandom.current().nextLong(pause / 8 + 1);
      release(item, pause + jitter, !counted, failure);
    }
  }

  /** Whether trying again can change nothing; a handler that breaks down has not judged that. */
  private static boolean isFinal(boolean handedOver, ParleyException failure) {
    if (handedOver) {
      return Boolean.FALSE.equals(failure.details().get("agentRetryable"))
          && !BREAKDOWN.contains(failure.details().getOrDefault("agentCode", ""));
    }
    return switch (failure.code()) {
      case NOT_FOUND, FORBIDDEN -> true;
      default -> false;
    };
  }

  /** Whether it was the agent's failure, and not that the hub or the agent was busy. */
  private static boolean counts(ParleyException failure) {
    return failure.code() != ErrorCode.RATE_LIMITED && failure.code() != ErrorCode.UNAVAILABLE;
  }

  private void end(MailItem item, MailStatus status, @Nullable ParleyException error) {
    persist(
        () -> office.store.end(item, status, error),
        item,
        there -> {
          if (there) {
            tell(item, status, error);
            if (status != MailStatus.HANDLED) {
              office.died.accept(agent.tenant());
            }
          }
        });
  }

  private void release(MailItem item, long pauseMs, boolean uncounted, ParleyException why) {
    persist(
        () -> office.store.release(item, pauseMs, uncounted, why).map(true),
        item,
        there -> {
          synchronized (this) {
            goOnIn(pauseMs);
          }
        });
  }

  /** Writes it until it is written; meanwhile the message counts as being with the agent. */
  private void persist(Supplier<Future<Boolean>> write, MailItem item, Consumer<Boolean> then) {
    write
        .get()
        .onSuccess(
            there -> {
              synchronized (this) {
                out.remove(item.conversation());
                again = true;
              }
              then.accept(there);
              pump();
            })
        .onFailure(
            failure -> {
              if (!office.around.stopping().getAsBoolean()) {
                office
                    .around
                    .vertx()
                    .setTimer(STORE_PAUSE_MS, passed -> persist(write, item, then));
              }
            });
  }

  private void tell(MailItem item, MailStatus status, @Nullable ParleyException error) {
    office.receipts.accept(
        item,
        new Receipt(item.mail(), status, item.attempt(), office.around.clock().millis(), error));
  }

  static ParleyException expired() {
    return new ParleyException(
        ErrorCode.DEADLINE_EXCEEDED, "the message was not handled within its time to live");
  }

  private ParleyException neverAcknowledged(int attempts) {
    return new ParleyException(
        ErrorCode.AGENT_FAILED,
        "agent %s was given the message %d times and never acknowledged it"
            .formatted(agent, attempts));
  }
}
