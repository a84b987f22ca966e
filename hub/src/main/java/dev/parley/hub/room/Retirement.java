package dev.parley.hub.room;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Takes those that are deleted out of all rooms: later ones of their names are in none. */
public final class Retirement {
  private static final Script CLOSE = new Script("room-close");
  private static final Script MEMBER = new Script("room-member");
  private static final Script LISTEN = new Script("room-listen");
  private static final List<String> SEATS = List.of("head", "members", "listeners", "digests");

  private final RoomStore store;
  private final Elsewhere elsewhere;
  private final RoomSettings settings;
  private final Clock clock;

  Retirement(RoomStore store, Elsewhere elsewhere, RoomSettings settings, Clock clock) {
    this.store = store;
    this.elsewhere = elsewhere;
    this.settings = settings;
    this.clock = clock;
  }

  /** Takes an agent out of all rooms. */
  public Future<Void> agent(AgentAddress agent) {
    return rooms(agent.tenant())
        .compose(all -> Future.all(all.stream().map(room -> retire(room, agent)).toList()))
        .mapEmpty();
  }

  /**
   * Closes all rooms of a tenant and takes it out of those of others; its agents have been taken
   * out before. Answers how many rooms there were.
   */
  public Future<Integer> tenant(TenantId tenant) {
    return rooms(tenant)
        .compose(
            all ->
                Future.all(all.stream().map(room -> retire(room, tenant)).toList())
                    .map(done -> all.size()));
  }

  private Future<List<RoomId>> rooms(TenantId tenant) {
    return store
        .own(tenant)
        .compose(
            own ->
                elsewhere
                    .list(tenant)
                    .map(
                        others -> {
                          List<RoomId> all = new ArrayList<>(others);
                          own.forEach(name -> all.add(new RoomId(tenant, name)));
                          return all;
                        }));
  }

  private Future<Void> retire(RoomId room, AgentAddress agent) {
    return leave(room, agent.toString())
        .compose(
            left ->
                store.run(LISTEN, room, SEATS, agent.tenant().value(), agent.toString(), "", "0"))
        .compose(deaf -> elsewhere.settle(agent.tenant(), room));
  }

  private Future<Void> retire(RoomId room, TenantId tenant) {
    return room.owner().equals(tenant)
        ? close(room).mapEmpty()
        : leave(room, Party.of(tenant).toString()).compose(left -> elsewhere.settle(tenant, room));
  }

  private Future<ScriptResult> leave(RoomId room, String party) {
    return store.run(MEMBER, room, SEATS, "leave", party, now(), "0");
  }

  /** Closes a room; answers what the script does. */
  Future<ScriptResult> close(RoomId room) {
    return store.runOnList(
        CLOSE,
        room,
        List.of("head", "members", "listeners", "log", "digests"),
        room.name(),
        now(),
        Long.toString(settings.retention().toMillis()));
  }

  private String now() {
    return Long.toString(clock.millis());
  }
}
