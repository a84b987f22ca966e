package dev.parley.hub.schedule;

import dev.parley.hub.agent.Agents;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Schedules in Redis; what each script does is said in its header. */
final class ScheduleStore {
  private static final Script LIST = new Script("schedule-list");
  private static final Script CLAIM = new Script("schedule-claim");
  private static final Script RELEASE = new Script("schedule-release");
  private static final Script WRITE = new Script("schedule-write");
  private static final Script READ = new Script("schedule-read");
  private static final Script DELETE = new Script("schedule-delete");
  private static final Script DUE = new Script("schedule-due");
  private static final Script TAKE = new Script("schedule-take");
  private static final Script CONFIRM = new Script("schedule-confirm");
  private static final List<Key> INDEX =
      List.of(
          Keyspace.platform().key("schedules", "index"),
          Keyspace.platform().key("schedules", "changes"));
  private static final long LEASE_MS = 5_000;
  private static final long LISTED_FOR_MS = 60_000;
  private static final long LOOK_AGAIN_MS = 600_000;
  private static final int PAGE = 100;

  /** A tenant at whose schedules this node looks for a while. */
  record Claimed(TenantId tenant, String changes) {}

  /** Tenants that were claimed, of so many that have schedules. */
  record Claims(long tenants, List<Claimed> claimed) {}

  /**
   * A schedule as it was read.
   *
   * @param next its next tick, or {@link Timing#NONE}
   * @param last what became of its last tick, or null
   * @param payload null when it was not asked for
   */
  record Found(
      Schedule schedule, String row, long next, @Nullable String last, @Nullable String payload) {}

  /** Schedules as they were read at a time, of Redis. */
  record Page(long now, List<Found> schedules) {}

  /**
   * A schedule that is due, or a tick of it that was taken and not confirmed.
   *
   * @param again whether it is such a tick
   */
  record Due(boolean again, Schedule schedule, String row, long tick, String payload) {}

  /**
   * What there is to do.
   *
   * @param next when there is something to do next, or {@link Timing#NONE}
   */
  record Work(long now, long next, List<Due> due) {
    boolean isWhole() {
      return due.size() < PAGE;
    }
  }

  private final Store store;

  ScheduleStore(Store store) {
    this.store = store;
  }

  /** Lists a tenant whose schedules are about to change; answers the time of Redis. */
  Future<Long> listSoon(TenantId tenant) {
    return list(tenant, "");
  }

  /** Lists a tenant, to be looked at by then. */
  Future<Void> list(TenantId tenant, long by) {
    return list(tenant, Long.toString(by)).mapEmpty();
  }

  private Future<Long> list(TenantId tenant, String by) {
    return store
        .run(LIST, INDEX, List.of(tenant.value(), by, Long.toString(LISTED_FOR_MS)))
        .map(result -> Long.parseLong(result.text(0)));
  }

  Future<Claims> claim(int most) {
    return store
        .run(CLAIM, INDEX, List.of(Integer.toString(most), Long.toString(LEASE_MS)))
        .map(
            result -> {
              List<Claimed> claimed = new ArrayList<>();
              for (int at = 1; at < result.size(); at += 2) {
                claimed.add(new Claimed(new TenantId(result.text(at)), result.text(at + 1)));
              }
              return new Claims(result.integer(0), claimed);
            });
  }

  Future<Void> release(Claimed claimed, long next) {
    return store
        .run(
            RELEASE,
            INDEX,
            List.of(
                claimed.tenant.value(),
                claimed.changes,
                Long.toString(next),
                Long.toString(LOOK_AGAIN_MS)))
        .mapEmpty();
  }

  /** Answers as the script; fails with nothing of its own. */
  Future<ScriptResult> create(
      TenantScope scope, Schedule schedule, String payload, long next, long limit) {
    return write(scope, "create", schedule, payload, next, Long.toString(limit));
  }

  /** Answers as the script; fails with nothing of its own. */
  Future<ScriptResult> update(
      TenantScope scope, Found old, Schedule schedule, String payload, long next) {
    return write(scope, "update", schedule, payload, next, old.row);
  }

  private Future<ScriptResult> write(
      TenantScope scope,
      String how,
      Schedule schedule,
      String payload,
      long next,
      String condition) {
    List<Key> keys = new ArrayList<>(keys(scope, "ids", "heads", "bodies", "due"));
    keys.add(scope.key(Agents.HASH));
    return store.run(
        WRITE,
        keys,
        List.of(
            how,
            schedule.id(),
            schedule.row(),
            payload,
            Long.toString(next),
            schedule.agent().value(),
            condition));
  }

  Future<Page> page(TenantScope scope, @Nullable String after, int most) {
    return read(scope, List.of("page", after == null ? "" : after, Integer.toString(most)));
  }

  /** The schedule of this id, if there is one. */
  Future<Page> one(TenantScope scope, String id) {
    return read(scope, List.of("one", id, "1"));
  }

  private Future<Page> read(TenantScope scope, List<String> arguments) {
    return store
        .run(READ, keys(scope, "ids", "heads", "bodies", "due", "last"), arguments)
        .map(
            result -> {
              List<Found> found = new ArrayList<>();
              for (int at = 1; at < result.size(); at += 5) {
                String row = result.text(at + 1);
                found.add(
                    new Found(
                        Schedule.of(result.text(at), row),
                        row,
                        Long.parseLong(result.text(at + 2)),
                        textOrNull(result, at + 3),
                        textOrNull(result, at + 4)));
              }
              return new Page(Long.parseLong(result.text(0)), found);
            });
  }

  /** Deletes a schedule; answers whether there was one. */
  Future<Boolean> delete(TenantScope scope, String id) {
    return store
        .run(DELETE, keys(scope, "ids", "heads", "bodies", "due", "last"), List.of(id))
        .map(result -> result.integer(0) > 0);
  }

  Future<Work> due(TenantScope scope) {
    return store
        .run(DUE, keys(scope, "due", "heads", "bodies", "firing"), List.of(Integer.toString(PAGE)))
        .map(
            result -> {
              List<Due> due = new ArrayList<>();
              for (int at = 2; at < result.size(); at += 5) {
                String row = result.text(at + 3);
                due.add(
                    new Due(
                        result.text(at).equals("again"),
                        Schedule.of(result.text(at + 1), row),
                        row,
                        Long.parseLong(result.text(at + 2)),
                        result.text(at + 4)));
              }
              return new Work(Long.parseLong(result.text(0)), Long.parseLong(result.text(1)), due);
            });
  }

  /** Takes ticks for this node; answers whether it has them. */
  Future<Boolean> take(TenantScope scope, Due due, long next, List<Long> ticks) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                due.again ? "again" : "due",
                due.schedule.id(),
                due.row,
                Long.toString(due.tick),
                Long.toString(LEASE_MS),
                Long.toString(next)));
    ticks.forEach(tick -> arguments.add(Long.toString(tick)));
    return store
        .run(TAKE, keys(scope, "due", "heads", "firing"), arguments)
        .map(result -> result.integer(0) > 0);
  }

  /**
   * Notes what became of a tick.
   *
   * @param tick null for one that nobody had to take
   * @param over whether the schedule goes with it
   */
  Future<Void> confirm(
      TenantScope scope, String id, @Nullable Long tick, String outcome, boolean over) {
    return store
        .run(
            CONFIRM,
            keys(scope, "ids", "heads", "bodies", "due", "last", "firing"),
            List.of(id, tick == null ? "" : tick.toString(), outcome, over ? "1" : "0"))
        .mapEmpty();
  }

  private static @Nullable String textOrNull(ScriptResult result, int index) {
    String text = result.text(index);
    return text.isEmpty() ? null : text;
  }

  private static List<Key> keys(TenantScope scope, String... names) {
    return Arrays.stream(names).map(name -> scope.key("schedules", name)).toList();
  }
}
