package dev.parley.hub.room;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
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
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells agents that listen by digest how much was said. What is due lies in Redis, so that any node
 * tells it: it claims some, tells them, and lets go of them; what a node that died had claimed,
 * another claims after {@link #LEASE_MS}. A digest holds nothing that others said: it is a message
 * of the agent's own tenant, which the agent answers by reading the history.
 */
public final class Digests {
  private static final Logger LOG = LoggerFactory.getLogger(Digests.class);
  private static final Script DUE = new Script("room-due");
  private static final Script DIGEST = new Script("room-digest");
  private static final Key ALL = Keyspace.platform().key("room-digests");
  private static final long TICK_MS = 500;
  private static final long LEASE_MS = 30_000;
  private static final int MOST_AT_ONCE = 100;

  /** A digest that is due: of which room, for whom. */
  private record Ticket(RoomId room, AgentAddress agent) {
    static Ticket parse(String member) {
      int space = member.indexOf(' ');
      return new Ticket(
          RoomId.parse(member.substring(0, space)),
          AgentAddress.parse(member.substring(space + 1)));
    }

    @Override
    public String toString() {
      return room + " " + agent;
    }
  }

  private final Vertx vertx;
  private final Store store;
  private final RoomStore rooms;
  private final Fanout fanout;
  private final Clock clock;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final LongAdder told = new LongAdder();
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
    this.store = store;
    this.rooms = new RoomStore(store, scopes, tenants);
    this.fanout = new Fanout(switchboard, agents);
    this.clock = clock;
  }

  /** Adds its metrics. */
  public void measuredBy(HubMetrics metrics) {
    metrics.counter("parley.rooms.digests", "digests of rooms sent", told, LongAdder::sum);
  }

  public void start() {
    timer = vertx.setPeriodic(TICK_MS, tick -> tellDue());
  }

  public void close() {
    vertx.cancelTimer(timer);
  }

  /** Has digests told: agents of a room, each followed by when. */
  Future<Void> expect(RoomId room, List<String> agentsAndTimes) {
    if (agentsAndTimes.isEmpty()) {
      return Future.succeededFuture();
    }
    List<String> arguments = new ArrayList<>(List.of("add"));
    for (int i = 0; i < agentsAndTimes.size(); i += 2) {
      arguments.add(room + " " + agentsAndTimes.get(i));
      arguments.add(agentsAndTimes.get(i + 1));
    }
    return store.run(DUE, List.of(ALL), arguments).mapEmpty();
  }

  private void tellDue() {
    if (!busy.compareAndSet(false, true)) {
      return;
    }
    long now = clock.millis();
    store
        .run(
            DUE,
            List.of(ALL),
            List.of(
                "claim",
                Long.toString(now),
                Integer.toString(MOST_AT_ONCE),
                Long.toString(now + LEASE_MS)))
        .compose(
            due -> {
              List<Future<Void>> told = new ArrayList<>();
              for (int i = 0; i < due.size(); i++) {
                told.add(tell(Ticket.parse(due.text(i))));
              }
              return Future.join(told);
            })
        .onFailure(failure -> LOG.debug("digests wait: {}", failure.toString()))
        .onComplete(done -> busy.set(false));
  }

  private Future<Void> tell(Ticket ticket) {
    return rooms
        .active(ticket.room.owner())
        .compose(
            active ->
                active
                    ? ask(ticket)
                        .compose(asked -> asked.integer(0) == 1 ? send(ticket, asked) : nothing())
                        .compose(sent -> letGo(ticket))
                    : nothing());
  }

  private Future<Void> send(Ticket ticket, ScriptResult asked) {
    long from = asked.integer(1);
    long to = asked.integer(2);
    String text =
        "%d new messages in room %s: offsets %d to %d"
            .formatted(to - from + 1, ticket.room, from, to);
    var digest = Json.object().put("room", ticket.room.toString()).put("text", text);
    digest.putObject("digest").put("from", from).put("to", to).put("count", to - from + 1);
    Fanout.Order order =
        new Fanout.Order(
            HubPrincipals.sender(ticket.agent.tenant()),
            null,
            Json.raw(digest),
            "room:" + ticket.room,
            null,
            null,
            "digest\n" + ticket.room + "\n" + to);
    return fanout
        .one(order, ticket.agent)
        .onSuccess(sent -> told.increment())
        .<Void>mapEmpty()
        .recover(failure -> Fanout.mayPassLater(failure) ? Future.failedFuture(failure) : nothing())
        .compose(sent -> script(ticket, Long.toString(to)))
        .mapEmpty();
  }

  /** What was posted meanwhile is due in its turn. */
  private Future<Void> letGo(Ticket ticket) {
    return store
        .run(DUE, List.of(ALL), List.of("done", ticket.toString()))
        .compose(gone -> ask(ticket))
        .compose(
            more ->
                switch ((int) more.integer(0)) {
                  case 1 -> expect(ticket, clock.millis());
                  case 2 -> expect(ticket, more.integer(1));
                  default -> nothing();
                });
  }

  private Future<Void> expect(Ticket ticket, long due) {
    return expect(ticket.room, List.of(ticket.agent.toString(), Long.toString(due)));
  }

  private Future<ScriptResult> ask(Ticket ticket) {
    return script(ticket, "");
  }

  private Future<ScriptResult> script(Ticket ticket, String toldUpTo) {
    return rooms.run(
        DIGEST,
        ticket.room,
        List.of("head", "members", "listeners", "digests"),
        Long.toString(clock.millis()),
        ticket.agent.tenant().value(),
        ticket.agent.toString(),
        toldUpTo);
  }

  private static Future<Void> nothing() {
    return Future.succeededFuture();
  }
}
