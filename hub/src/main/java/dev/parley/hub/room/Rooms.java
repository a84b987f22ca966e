package dev.parley.hub.room;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Rooms and who is in them. A member is a tenant, with all its people and agents, or one agent;
 * people see a room as their agents do. Who is not in a room is told that there is none.
 */
public final class Rooms {
  private static final Script CREATE = new Script("room-create");
  private static final Script LIMITS = new Script("room-limits");
  private static final Script MEMBER = new Script("room-member");
  private static final Script LISTEN = new Script("room-listen");
  private static final Script VIEW = new Script("room-view");
  private static final List<String> SEATS = List.of("head", "members", "listeners", "digests");
  private static final int CLOSED_FOR_EACH_OPEN = 10;

  private final RoomStore store;
  private final Elsewhere elsewhere;
  private final Retirement retirement;
  private final AgentDirectory agents;
  private final RoomSettings settings;
  private final Clock clock;

  public Rooms(
      Store store,
      TenantScopes scopes,
      Tenants tenants,
      AgentDirectory agents,
      RoomSettings settings,
      Clock clock) {
    this.store = new RoomStore(store, scopes, tenants);
    this.elsewhere = new Elsewhere(this.store, settings, clock);
    this.retirement = new Retirement(this.store, elsewhere, settings, clock);
    this.agents = agents;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Makes a room of the caller's tenant, which is in it as a whole.
   *
   * @param postsPerMinute null for the default
   * @param deliveriesPerDay null for the default
   * @return the room; fails with {@code conflict} and {@code limit_exceeded}
   */
  public Future<ObjectNode> create(
      Principal caller,
      String name,
      String title,
      @Nullable Long postsPerMinute,
      @Nullable Long deliveriesPerDay) {
    RoomId room = new RoomId(caller.tenant(), new AgentId(name).value());
    return store
        .enter(caller, room)
        .compose(
            in ->
                store.runOnList(
                    CREATE,
                    room,
                    List.of("head", "members"),
                    room.name(),
                    title,
                    now(),
                    text(postsPerMinute, settings.postsPerMinute()),
                    text(deliveriesPerDay, settings.deliveriesPerDay()),
                    room.owner().value(),
                    Integer.toString(settings.maxRooms()),
                    Long.toString(settings.retention().toMillis()),
                    Long.toString((long) settings.maxRooms() * CLOSED_FOR_EACH_OPEN)))
        .compose(
            result -> {
              if (result.integer(0) == 0) {
                throw new ParleyException(
                        ErrorCode.CONFLICT,
                        "the room %s is there, or was closed not long ago; choose another name"
                            .formatted(room))
                    .with("field", "name");
              }
              if (result.integer(0) < 0) {
                throw limit("rooms", settings.maxRooms(), result.integer(1));
              }
              return get(caller, room);
            });
  }

  /** The rooms that the caller is in or invited to. */
  public Future<List<ObjectNode>> list(Principal caller) {
    return store
        .own(caller.tenant())
        .compose(
            own ->
                elsewhere
                    .list(caller.tenant())
                    .compose(
                        others -> {
                          List<Future<@Nullable ObjectNode>> views = new ArrayList<>();
                          own.forEach(
                              name ->
                                  views.add(viewIfIn(caller, new RoomId(caller.tenant(), name))));
                          others.forEach(room -> views.add(viewElsewhere(caller, room)));
                          return Future.all(views)
                              .map(
                                  all ->
                                      views.stream()
                                          .map(Future::result)
                                          .filter(Objects::nonNull)
                                          .toList());
                        }));
  }

  /** A room that is listed and does not let the caller see it is perhaps no longer to be listed. */
  private Future<@Nullable ObjectNode> viewElsewhere(Principal caller, RoomId room) {
    return viewIfIn(caller, room)
        .compose(
            view ->
                view == null
                    ? elsewhere.settle(caller.tenant(), room).map((ObjectNode) null)
                    : Future.succeededFuture(view));
  }

  private Future<@Nullable ObjectNode> viewIfIn(Principal caller, RoomId room) {
    return view(caller, room, "own")
        .recover(
            failure ->
                failure instanceof ParleyException known && known.code() == ErrorCode.NOT_FOUND
                    ? Future.succeededFuture((ObjectNode) null)
                    : Future.failedFuture(failure));
  }

  /** One room with its members, and how the caller's own agents listen. */
  public Future<ObjectNode> get(Principal caller, RoomId room) {
    return view(caller, room, "all");
  }

  /**
   * Invites a tenant, or one agent; inviting again changes nothing.
   *
   * @return fails with {@code limit_exceeded} when the room is full, or too many invitations of its
   *     owner wait for that tenant, or that tenant is in too many rooms
   */
  public Future<ObjectNode> invite(Principal caller, RoomId room, Party invited) {
    TenantId tenant = invited.tenant();
    return requireOwner(caller, room)
        .compose(in -> elsewhere.invited(tenant, room))
        .compose(
            listed ->
                member(room, "invite", invited, "the party %s".formatted(invited))
                    .compose(done -> elsewhere.invited(tenant, room))
                    .recover(failure -> elsewhere.undone(tenant, room, failure)))
        .compose(done -> get(caller, room));
  }

  /**
   * Accepts the invitation of the caller's tenant or of one of its agents.
   *
   * @return fails with {@code limit_exceeded} when the tenant is in too many rooms of others
   */
  public Future<ObjectNode> accept(Principal caller, RoomId room, @Nullable AgentId agent) {
    TenantId tenant = caller.tenant();
    return store
        .enter(caller, room)
        .compose(in -> elsewhere.joining(tenant, room))
        .compose(
            listed ->
                member(room, "accept", own(caller, agent), null)
                    .compose(done -> elsewhere.joining(tenant, room))
                    .compose(done -> elsewhere.settle(tenant, room))
                    .recover(failure -> elsewhere.undone(tenant, room, failure)))
        .compose(done -> get(caller, room));
  }

  /** Leaves a room, or declines its invitation; its owner closes it instead. */
  public Future<Void> leave(Principal caller, RoomId room, @Nullable AgentId agent) {
    Party party = own(caller, agent);
    if (party.equals(Party.of(room.owner()))) {
      return Future.failedFuture(
          ParleyException.invalid("room", "the owner of a room is in it until it is closed"));
    }
    return store
        .enter(caller, room)
        .compose(in -> member(room, "leave", party, null))
        .compose(done -> elsewhere.settle(caller.tenant(), room));
  }

  /** Removes a member, or takes an invitation back: from now on it neither reads nor posts. */
  public Future<ObjectNode> remove(Principal caller, RoomId room, Party member) {
    if (member.equals(Party.of(room.owner()))) {
      return Future.failedFuture(
          ParleyException.invalid("party", "the owner of a room is in it until it is closed"));
    }
    return requireOwner(caller, room)
        .compose(in -> member(room, "leave", member, "member %s".formatted(member)))
        .compose(done -> elsewhere.settle(member.tenant(), room))
        .compose(done -> get(caller, room));
  }

  /** Says how an own agent listens; an agent says it for itself. */
  public Future<ObjectNode> listen(Principal caller, RoomId room, AgentId agent, Listen listen) {
    AgentAddress address = new AgentAddress(caller.tenant(), agent);
    return store
        .enter(caller, room)
        .compose(in -> agents.exists(address))
        .compose(
            there -> {
              if (!there) {
                throw ParleyException.notFound("agent " + address);
              }
              return store.run(
                  LISTEN,
                  room,
                  SEATS,
                  caller.tenant().value(),
                  address.toString(),
                  listen.stored(),
                  Integer.toString(settings.maxMembers()));
            })
        .map(
            result -> {
              require(room, result, null, "listeners");
              return listen.toJson(address.toString());
            });
  }

  /** Sets what the room may cost; nulls stay as they are. */
  public Future<ObjectNode> setLimits(
      Principal caller,
      RoomId room,
      @Nullable Long postsPerMinute,
      @Nullable Long deliveriesPerDay) {
    return requireOwner(caller, room)
        .compose(
            in ->
                store.run(
                    LIMITS,
                    room,
                    List.of("head"),
                    postsPerMinute == null ? "" : postsPerMinute.toString(),
                    deliveriesPerDay == null ? "" : deliveriesPerDay.toString()))
        .compose(
            result -> {
              require(room, result, null, "");
              return get(caller, room);
            });
  }

  /** Closes a room for good; its members can read it until the retention is over. */
  public Future<ObjectNode> close(Principal caller, RoomId room) {
    return requireOwner(caller, room)
        .compose(in -> retirement.close(room))
        .compose(
            result -> {
              require(room, result, null, "");
              return get(caller, room);
            })
        .compose(view -> elsewhere.settleAll(RoomView.tenants(view), room).map(view));
  }

  /** Takes those that are deleted out of all rooms. */
  public Retirement retirement() {
    return retirement;
  }

  private Future<Void> requireOwner(Principal caller, RoomId room) {
    if (caller.tenant().equals(room.owner())) {
      return store.enter(caller, room);
    }
    return get(caller, room)
        .map(
            seen -> {
              throw new ParleyException(
                  ErrorCode.FORBIDDEN,
                  "only the owner of room %s, tenant %s, may do this"
                      .formatted(room, room.owner()));
            });
  }

  private Future<Void> member(RoomId room, String action, Party party, @Nullable String absent) {
    return store
        .run(
            MEMBER,
            room,
            SEATS,
            action,
            party.toString(),
            now(),
            Integer.toString(settings.maxMembers()))
        .map(
            result -> {
              require(room, result, absent, "members");
              return null;
            });
  }

  private void require(RoomId room, ScriptResult result, @Nullable String absent, String limited) {
    switch ((int) result.integer(0)) {
      case -1 -> throw absent == null ? room.notFound() : ParleyException.notFound(absent);
      case -2 -> throw room.closed();
      case -3 -> throw limit(limited, settings.maxMembers(), result.integer(1));
      default -> {}
    }
  }

  /** An agent acts for itself, people for their tenant or for an agent of it. */
  private static Party own(Principal caller, @Nullable AgentId agent) {
    return agent == null ? caller.party() : Party.of(new AgentAddress(caller.tenant(), agent));
  }

  private Future<ObjectNode> view(Principal caller, RoomId room, String members) {
    return store
        .enter(caller, room)
        .compose(
            in ->
                store.run(
                    VIEW,
                    room,
                    List.of("head", "members", "listeners"),
                    caller.tenant().value(),
                    caller.party().toString(),
                    seat(caller),
                    members,
                    now()))
        .map(
            result -> {
              require(room, result, null, "");
              return RoomView.of(room, result);
            });
  }

  static String seat(Principal caller) {
    return caller.agent() == null ? "person" : "agent";
  }

  private static ParleyException limit(String what, long most, long count) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "there are %d %s, and %d is the most".formatted(count, what, most))
        .with("limit", what)
        .with("max", most);
  }

  private static String text(@Nullable Long value, long otherwise) {
    return Long.toString(value == null ? otherwise : value);
  }

  private String now() {
    return Long.toString(clock.millis());
  }
}
