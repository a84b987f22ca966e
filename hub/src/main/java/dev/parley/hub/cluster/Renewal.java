package dev.parley.hub.cluster;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells nodes what is here, so that the {@link Leases} they have of it go on: every 10 s, after
 * each change of members or places at once and again when that has settled, and when a node asks,
 * as each does that joins. So a node knows from its first moment on what the others have, and a
 * word that was lost while members changed is said once more.
 */
public final class Renewal {
  /** How long a node may take for true what it was told. */
  public static final Duration LEASE = Duration.ofSeconds(30);

  private static final long RENEW_MS = 10_000;
  private static final long SETTLE_MS = 100;
  private static final Duration ANSWER = Duration.ofSeconds(2);

  /** What has something to tell; it must be quick. */
  public interface Teller {
    /** Tells these nodes what is here, as far as it concerns them; this node may be among them. */
    void tell(Set<String> nodes);

    /** Members or places have changed: forgets what other nodes than these have said. */
    void keepOnly(Set<String> nodes);
  }

  private final Vertx vertx;
  private final Placement placement;
  private final NodeBus bus;
  private final String question;
  private final Teller teller;
  private final AtomicBoolean settling = new AtomicBoolean();
  private long timer;

  /**
   * Tells nobody yet.
   *
   * @param question the kind of message by which a node asks to be told
   */
  public Renewal(Vertx vertx, Placement placement, NodeBus bus, String question, Teller teller) {
    this.vertx = vertx;
    this.placement = placement;
    this.bus = bus;
    this.question = question;
    this.teller = teller;
  }

  /** Begins; the others are asked once the bus has started. */
  public void start() {
    bus.onRequest(
        question,
        request -> {
          teller.tell(Set.of(request.from()));
          return Future.succeededFuture("");
        });
    bus.onStart(this::ask);
    timer = vertx.setPeriodic(RENEW_MS, passed -> teller.tell(placement.nodes()));
  }

  /** Tells nobody any more by itself. */
  public void stop() {
    vertx.cancelTimer(timer);
  }

  /** Members or places have changed: what was heard may be wrong, and new nodes know nothing. */
  public void changed() {
    follow();
    if (settling.compareAndSet(false, true)) {
      vertx.setTimer(
          SETTLE_MS,
          passed -> {
            settling.set(false);
            follow();
          });
    }
  }

  /** One at a time, so that who looked first does not undo what the newer members mean. */
  private synchronized void follow() {
    Set<String> nodes = placement.nodes();
    teller.keepOnly(nodes);
    teller.tell(nodes);
  }

  /** Waits for what the others have; a node that does not answer tells it within 10 s. */
  private Future<Void> ask() {
    List<Future<String>> answers =
        placement.nodes().stream()
            .filter(node -> !node.equals(placement.self()))
            .map(node -> bus.request(node, question, "", "", ANSWER).otherwise(""))
            .toList();
    return Future.join(answers).mapEmpty();
  }
}
