package dev.parley.hub.room;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.room.DigestQueue.Claimed;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells agents that listen by digest how much was said. Rooms in which digests are due lie in
 * Redis, so that any node tells them: it claims a room, tells some of its digests and lets go of
 * it, behind the other rooms when there are more; what a node that died had claimed, another claims
 * after {@link #LEASE_MS}. A digest that cannot be sent now is tried again after a pause that
 * grows. A digest holds nothing that others said: it is a message of the agent's own tenant, which
 * the agent answers by reading the history.
 */
public final class Digests {
  private static final Logger LOG = LoggerFactory.getLogger(Digests.class);
  private static final Script DIGEST = new Script("room-digest");
  private static final long TICK_MS = 500;
  private static final long LEASE_MS = 30_000;
  private static final int ROOMS_AT_ONCE = 16;
  private static final int MOST_OF_A_ROOM = 50;
  private static final long FIRST_PAUSE_MS = 1_000;
  private static final long LONGEST_PAUSE_MS = 300_000;
  private static final long SUSPENDED_PAUSE_MS = 60_000;

  private final Vertx vertx;
  private final DigestQueue queue;
  private final RoomStore rooms;
  private final Fanout fanout;
  private final Clock clock;
  private final AtomicBoolean claiming = new AtomicBoolean();
  private final AtomicInteger underWay = new AtomicInteger();
  private final LongAdder told = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private volatile long timer = -1;

  public Digests(
      Vertx vertx,
      Store store,
      TenantScopes scopes,
      Tenants tenants,
      Switchboard switchboard,
      AgentDirectory agents,
      Clock clock) {
    this.vertx = vertx;
    this.queue = new DigestQueue(store);
    this.rooms = new RoomStore(store, scopes, tenants);
    this.fanout = new Fanout(switchboard::send, agents);
    this.clock = clock;
  }

  /** Adds its metrics. */
  public void measuredBy(HubMetrics metrics) {
    metrics.counter("parley.rooms.digests", "digests of rooms sent", told, LongAdder::sum);
    metrics.counter(
        "parley.rooms.digests.failed",
        "times that a digest could not be sent and was put off",
        failed,
        LongAdder::sum);
  }

  public void start() {
    timer = vertx.setPeriodic(TICK_MS, tick -> look());
  }

  public void close() {
    vertx.cancelTimer(timer);
  }

  /** Has the digests of a room looked at by then, if ever. */
  Future<Void> expect(RoomId room, long due) {
    return due == DigestQueue.NEVER ? nothing() : queue.add(room, due);
  }

  private void look() {
    int room = ROOMS_AT_ONCE - underWay.get();
    if (room <= 0 || !claiming.compareAndSet(false, true)) {
      return;
    }
    long now = clock.millis();
    queue
        .claim(now, room, now + LEASE_MS)
        .onComplete(
            claimed -> {
              claiming.set(false);
              if (claimed.failed()) {
                LOG.debug("digests wait: {}", claimed.cause().toString());
                return;
              }
              claimed.result().forEach(this::serve);
              if (claimed.result().size() == room) {
                look();
              }
            });
  }

  private void serve(Claimed claimed) {
    underWay.incrementAndGet();
    rooms
        .active(claimed.room().owner())
        .compose(
            active ->
                active
                    ? tellSome(claimed.room())
                    : Future.succeededFuture(clock.millis() + SUSPENDED_PAUSE_MS))
        .compose(next -> queue.release(claimed, next))
        .onComplete(
            done -> {
              underWay.decrementAndGet();
              if (done.failed()) {
                LOG.info(
                    "digests of {} are looked at again in {} s: {}",
                    claimed.room(),
                    LEASE_MS / 1_000,
                    done.cause().getMessage());
              }
            });
  }

  /** Answers when to look again; asked anew, as more may have been posted meanwhile. */
  private Future<Long> tellSome(RoomId room) {
    return due(room, MOST_OF_A_ROOM)
        .compose(
            due -> {
              List<Future<Void>> telling = new ArrayList<>();
              for (int at = 1; at < due.size(); at += 3) {
                AgentAddress agent = AgentAddress.parse(due.text(at));
                telling.add(tell(room, agent, due.integer(at + 1), due.integer(at + 2)));
              }
              return Future.join(telling);
            })
        .compose(done -> due(room, 0))
        .map(rest -> rest.integer(0));
  }

  private Future<ScriptResult> due(RoomId room, int most) {
    return script(room, "due", Integer.toString(most));
  }

  private Future<Void> tell(RoomId room, AgentAddress agent, long from, long to) {
    String text =
        "%d new messages in room %s: offsets %d to %d".formatted(to - from + 1, room, from, to);
    var digest = Json.object().put("room", room.toString()).put("text", text);
    digest.putObject("digest").put("from", from).put("to", to).put("count", to - from + 1);
    Fanout.Order order =
        new Fanout.Order(
            HubPrincipals.sender(agent.tenant()),
            null,
            Json.raw(digest),
            "room:" + room,
            null,
            null,
            "digest\n" + room + "\n" + to);
    return fanout
        .one(order, agent)
        .onSuccess(sent -> told.increment())
        .transform(
            sent -> {
              if (sent.failed() && Fanout.mayPassLater(sent.cause())) {
                failed.increment();
                return script(
                    room,
                    "failed",
                    agent.toString(),
                    Long.toString(FIRST_PAUSE_MS),
                    Long.toString(LONGEST_PAUSE_MS));
              }
              return script(room, "told", agent.toString(), Long.toString(to));
            })
        .mapEmpty();
  }

  private Future<ScriptResult> script(RoomId room, String action, String... arguments) {
    List<String> all = new ArrayList<>(List.of(action, Long.toString(clock.millis())));
    all.addAll(List.of(arguments));
    return rooms.run(
        DIGEST,
        room,
        List.of("head", "members", "listeners", "digests"),
        all.toArray(String[]::new));
  }

  private static Future<Void> nothing() {
    return Future.succeededFuture();
  }
}
