package dev.parley.hub.room;

import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * For each tenant the rooms of others that it is in or invited to. What counts is what a room says
 * of its members; the list, which lies under other keys, says where to look, so that nothing may be
 * missing from it: who cannot be listed cannot be invited. It is written before a room takes
 * somebody in, and settled by what the room says after each change of its members.
 */
final class Elsewhere {
  private static final Script LIST = new Script("rooms-elsewhere");
  private static final Script SEAT = new Script("room-seat");
  private static final int ATTEMPTS = 5;
  private static final int AT_ONCE = 100;

  private final RoomStore store;
  private final RoomSettings settings;
  private final Clock clock;

  Elsewhere(RoomStore store, RoomSettings settings, Clock clock) {
    this.store = store;
    this.settings = settings;
    this.clock = clock;
  }

  /** The rooms of others where the tenant or one of its agents may be found. */
  Future<List<RoomId>> list(TenantId tenant) {
    return store
        .elsewhere(tenant)
        .map(rows -> rows.keySet().stream().sorted().map(RoomId::parse).toList());
  }

  /**
   * Lists a room to which a tenant is about to be invited; to be repeated when it was, lest it was
   * taken away meanwhile. Of a tenant that does not exist nothing is kept.
   *
   * @return fails with {@code limit_exceeded} when too many are listed, or too many invitations of
   *     the room's owner wait
   */
  Future<Void> invited(TenantId tenant, RoomId room) {
    return room.owner().equals(tenant)
        ? Future.succeededFuture()
        : store
            .exists(tenant)
            .compose(there -> there ? add(tenant, room, "i") : Future.succeededFuture());
  }

  /** Lists a room that a tenant is about to join; fails as {@link #invited}. */
  Future<Void> joining(TenantId tenant, RoomId room) {
    return room.owner().equals(tenant) ? Future.succeededFuture() : add(tenant, room, "j");
  }

  private Future<Void> add(TenantId tenant, RoomId room, String state) {
    return store
        .runElsewhere(
            LIST,
            tenant,
            "add",
            room.toString(),
            state,
            Long.toHexString(ThreadLocalRandom.current().nextLong()),
            Long.toString(clock.millis()),
            Integer.toString(settings.maxElsewhere()),
            Integer.toString(settings.maxInvitations()))
        .map(
            result -> {
              switch ((int) result.integer(0)) {
                case -1 -> throw full(tenant, result.integer(1));
                case -2 -> throw crowded(tenant, room.owner(), result.integer(1));
                default -> {}
              }
              return null;
            });
  }

  /** Brings the list in line with what the room says of the tenant now. */
  Future<Void> settle(TenantId tenant, RoomId room) {
    return room.owner().equals(tenant) ? Future.succeededFuture() : settle(tenant, room, ATTEMPTS);
  }

  private Future<Void> settle(TenantId tenant, RoomId room, int attempts) {
    return store
        .elsewhere(tenant, room)
        .compose(
            row -> {
              if (row == null) {
                return Future.succeededFuture();
              }
              return store
                  .run(SEAT, room, List.of("head", "members"), tenant.value())
                  .map(seat -> row(row, seat))
                  .compose(
                      next ->
                          row.equals(next)
                              ? Future.succeededFuture(true)
                              : store
                                  .runElsewhere(LIST, tenant, "settle", room.toString(), row, next)
                                  .map(result -> result.integer(0) == 1))
                  .compose(
                      settled ->
                          settled || attempts == 1
                              ? Future.succeededFuture()
                              : settle(tenant, room, attempts - 1));
            });
  }

  /** The row as it should be; empty for none. An invitation to a closed room is none. */
  private String row(String row, ScriptResult seat) {
    String state = seat.text(0);
    long left = seat.integer(1);
    if (state.isEmpty() || (state.equals("i") && left >= 0)) {
      return "";
    }
    String mark = row.substring(row.lastIndexOf(' ') + 1);
    if (left < 0) {
      return "%s 0 %s".formatted(state, mark);
    }
    return row.matches("j [1-9].*")
        ? row
        : "%s %d %s".formatted(state, clock.millis() + left, mark);
  }

  /** Settles the lists of many tenants, some at a time. */
  Future<Void> settleAll(List<TenantId> tenants, RoomId room) {
    List<TenantId> batch = tenants.subList(0, Math.min(tenants.size(), AT_ONCE));
    return Future.all(batch.stream().map(tenant -> settle(tenant, room)).toList())
        .compose(
            done ->
                batch.size() == tenants.size()
                    ? Future.succeededFuture()
                    : settleAll(tenants.subList(batch.size(), tenants.size()), room));
  }

  /** Puts right what an operation has listed that failed then; fails with that failure. */
  <T extends @Nullable Object> Future<T> undone(TenantId tenant, RoomId room, Throwable failure) {
    return settle(tenant, room).transform(settled -> Future.failedFuture(failure));
  }

  private ParleyException full(TenantId tenant, long count) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s is in %d rooms of others or invited to them, as many as it can be; it has to leave some or decline first"
                .formatted(tenant, count))
        .with("limit", "rooms_elsewhere")
        .with("owner", "tenant " + tenant)
        .with("max", settings.maxElsewhere());
  }

  private ParleyException crowded(TenantId tenant, TenantId inviter, long count) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "%d invitations to rooms of tenant %s wait for tenant %s; take one back (room.remove) or wait until it answers"
                .formatted(count, inviter, tenant))
        .with("limit", "room_invitations")
        .with("owner", "tenant " + inviter)
        .with("max", settings.maxInvitations());
  }
}
