package dev.parley.hub.schedule;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.parley.hub.access.Principal;
import dev.parley.hub.schedule.ScheduleStore.Found;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.CallOrder.CallCause;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The schedules of tenants. People see all of their tenant's; an agent makes schedules for itself
 * and sees those for itself. What is answered is as the contract has it.
 */
public final class Schedules {
  private static final int TICKS_SHOWN = 3;
  private static final int PAGE = 200;
  private static final long YEAR_MS = 366L * 86_400_000;

  /**
   * What somebody wants of a schedule; for a change, nulls keep what is.
   *
   * @param cron when, again and again; or
   * @param at when, once, in milliseconds of the epoch
   */
  public record Wish(
      @Nullable String cron,
      @Nullable Long at,
      @Nullable String zone,
      @Nullable String conversation,
      @Nullable MissedPolicy missed,
      @Nullable Boolean enabled,
      @Nullable RawJson payload) {}

  /**
   * Who asks.
   *
   * @param cause what is being handled that leads to it, or null
   */
  public record Asker(
      Principal principal,
      TenantScope scope,
      @Nullable CallCause cause,
      @Nullable String traceparent) {}

  /** A page of schedules in the order in which they were made. */
  public record Page(List<ObjectNode> schedules, @Nullable String next) {}

  private final Vertx vertx;
  private final ScheduleStore store;
  private final Tenants tenants;
  private final Switchboard switchboard;
  private final ScheduleSettings settings;

  public Schedules(
      Vertx vertx,
      Store store,
      Tenants tenants,
      Switchboard switchboard,
      ScheduleSettings settings) {
    this.vertx = vertx;
    this.store = new ScheduleStore(store);
    this.tenants = tenants;
    this.switchboard = switchboard;
    this.settings = settings;
  }

  /**
   * Makes a schedule.
   *
   * @return fails with {@code not_found} when there is no such agent, {@code invalid_request},
   *     {@code limit_exceeded}, {@code loop_detected}
   */
  public Future<ObjectNode> create(Asker asker, AgentId agent, Wish wish) {
    Principal principal = asker.principal;
    if (principal.agent() != null && !principal.agent().equals(agent)) {
      return Future.failedFuture(
          new ParleyException(ErrorCode.FORBIDDEN, "an agent can make schedules for itself")
              .with("field", "agent"));
    }
    TenantScope scope = asker.scope;
    return checked(() -> payload(wish, "null"))
        .compose(
            payload ->
                store
                    .listSoon(scope.tenant())
                    .compose(
                        now ->
                            onWorker(
                                () -> {
                                  Schedule made = draft(asker, agent, wish, now);
                                  return new Planned(made, now, plan(made, now));
                                }))
                    .compose(
                        planned ->
                            tenants
                                .get(scope.tenant())
                                .compose(
                                    tenant -> {
                                      long limit = Limits.value(tenant.limits().schedules());
                                      return store
                                          .create(
                                              scope,
                                              planned.schedule,
                                              payload,
                                              planned.next(),
                                              limit)
                                          .map(
                                              result -> {
                                                requireWritten(
                                                    scope.tenant(), agent, result.integer(0));
                                                if (result.integer(0) == -1) {
                                                  throw atLimit(
                                                      scope.tenant(), result.integer(1), limit);
                                                }
                                                return null;
                                              });
                                    })
                                .compose(written -> listed(scope, planned))));
  }

  private record Planned(Schedule schedule, long now, List<Long> ticks) {
    long next() {
      return ticks.isEmpty() ? Timing.NONE : ticks.get(0);
    }
  }

  private Future<ObjectNode> listed(TenantScope scope, Planned planned) {
    ObjectNode view = view(planned.schedule, planned.ticks, null, null);
    return planned.ticks.isEmpty()
        ? Future.succeededFuture(view)
        : store.list(scope.tenant(), planned.next()).map(view);
  }

  private Schedule draft(Asker asker, AgentId agent, Wish wish, long now) {
    if ((wish.cron == null) == (wish.at == null)) {
      throw ParleyException.invalid("cron", "say when: cron or at, and not both");
    }
    return new Schedule(
        MessageId.next().value(),
        agent,
        asker.principal.agent() != null,
        wish.cron,
        wish.at == null ? 0 : wish.at,
        wish.zone == null ? "UTC" : wish.zone,
        wish.conversation,
        wish.missed == null ? MissedPolicy.ONCE : wish.missed,
        wish.enabled == null || wish.enabled,
        now,
        causes(asker),
        asker.traceparent);
  }

  /** A schedule made by an agent while it handles a message follows from that. */
  private List<Cause> causes(Asker asker) {
    return asker.cause == null
        ? List.of()
        : switchboard.following(asker.cause.delivery().envelope());
  }

  /** The next ticks of a schedule, if it may be as it is. */
  private List<Long> plan(Schedule schedule, long now) {
    Timing timing = schedule.timing();
    List<Long> ticks = timing.next(now, 2);
    if (ticks.isEmpty()) {
      throw schedule.isOnce()
          ? ParleyException.invalid(
                  "at", "at lies in the past: it is %d and now is %d".formatted(schedule.at(), now))
              .with("now", now)
          : ParleyException.invalid("cron", "cron has no tick in the years to come");
    }
    requirePeriod(timing, ticks.get(0), now);
    return schedule.enabled() ? timing.next(now, TICKS_SHOWN) : List.of();
  }

  private void requirePeriod(Timing timing, long first, long now) {
    long least = settings.minPeriod().toMillis();
    long before = first;
    for (int i = 0; i < ScheduleSettings.TICKS_CHECKED && before < now + YEAR_MS; i++) {
      long tick = timing.after(before);
      if (tick == Timing.NONE) {
        return;
      }
      if (tick - before < least) {
        throw new ParleyException(
                ErrorCode.LIMIT_EXCEEDED,
                "two ticks of this cron are %d ms apart, and at least %d are allowed; choose a longer period"
                    .formatted(tick - before, least))
            .with("field", "cron")
            .with("limit", "schedule_min_period_ms")
            .with("used", tick - before)
            .with("min", least);
      }
      before = tick;
    }
  }

  /** The schedules that the asker may see, in pages. */
  public Future<Page> list(Asker asker, @Nullable String after, int limit) {
    return store
        .page(asker.scope, after, limit + 1)
        .map(
            page -> {
              List<ObjectNode> views = new ArrayList<>();
              List<Found> found = page.schedules();
              for (Found one : found.subList(0, Math.min(limit, found.size()))) {
                if (isOwn(asker.principal, one.schedule())) {
                  views.add(view(one));
                }
              }
              return new Page(
                  views, found.size() > limit ? found.get(limit - 1).schedule().id() : null);
            });
  }

  /** One schedule with its payload; fails with {@code not_found}. */
  public Future<ObjectNode> get(Asker asker, String id) {
    return own(asker, id).map(this::view);
  }

  /**
   * Changes a schedule; the ticks between are no longer due.
   *
   * @return fails as {@link #create}, and with {@code conflict} when somebody else changes it
   */
  public Future<ObjectNode> update(Asker asker, String id, Wish wish) {
    TenantScope scope = asker.scope;
    return own(asker, id)
        .compose(
            old ->
                checked(() -> payload(wish, old.payload()))
                    .compose(
                        payload ->
                            store
                                .listSoon(scope.tenant())
                                .compose(
                                    now ->
                                        onWorker(
                                            () -> {
                                              Schedule next = changed(asker, old.schedule(), wish);
                                              return new Planned(
                                                  next,
                                                  now,
                                                  next.enabled() ? plan(next, now) : List.of());
                                            }))
                                .compose(
                                    planned ->
                                        store
                                            .update(
                                                scope,
                                                old,
                                                planned.schedule,
                                                payload,
                                                planned.next())
                                            .compose(
                                                result -> {
                                                  requireWritten(
                                                      scope.tenant(),
                                                      planned.schedule.agent(),
                                                      result.integer(0));
                                                  return listed(scope, planned);
                                                }))));
  }

  private Schedule changed(Asker asker, Schedule old, Wish wish) {
    if (wish.cron != null && wish.at != null) {
      throw ParleyException.invalid("cron", "say when: cron or at, and not both");
    }
    boolean once = wish.at != null || (wish.cron == null && old.isOnce());
    List<Cause> causes = causes(asker);
    Schedule next =
        new Schedule(
            old.id(),
            old.agent(),
            old.byAgent(),
            once ? null : wish.cron == null ? old.cron() : wish.cron,
            !once ? 0 : wish.at == null ? old.at() : wish.at,
            wish.zone == null ? old.zone() : wish.zone,
            wish.conversation == null ? old.conversation() : wish.conversation,
            wish.missed == null ? old.missed() : wish.missed,
            wish.enabled == null ? old.enabled() : wish.enabled,
            old.createdAt(),
            causes.isEmpty() ? old.causes() : causes,
            old.traceparent());
    if (!next.isOnce()) {
      Objects.requireNonNull(next.timing());
    }
    return next;
  }

  /** Deletes a schedule; fails with {@code not_found}. */
  public Future<Void> delete(Asker asker, String id) {
    return own(asker, id)
        .compose(found -> store.delete(asker.scope, id))
        .map(
            there -> {
              if (!there) {
                throw absent();
              }
              return null;
            });
  }

  /** Deletes the schedules of an agent; answers how many there were. */
  public Future<Integer> deleteOf(TenantScope scope, AgentId agent) {
    return deleteOf(scope, agent, null, 0);
  }

  private Future<Integer> deleteOf(
      TenantScope scope, AgentId agent, @Nullable String after, int deleted) {
    return store
        .page(scope, after, PAGE)
        .compose(
            page -> {
              List<Future<Boolean>> deleting =
                  page.schedules().stream()
                      .map(Found::schedule)
                      .filter(schedule -> schedule.agent().equals(agent))
                      .map(schedule -> store.delete(scope, schedule.id()))
                      .toList();
              int total = deleted + deleting.size();
              int size = page.schedules().size();
              return Future.all(deleting)
                  .compose(
                      gone ->
                          size < PAGE
                              ? Future.succeededFuture(total)
                              : deleteOf(
                                  scope,
                                  agent,
                                  page.schedules().get(size - 1).schedule().id(),
                                  total));
            });
  }

  /** Sends the message of a schedule now, beside its ticks; fails as a sent message does. */
  public Future<Switchboard.Sent> run(Asker asker, String id) {
    return store
        .one(asker.scope, id)
        .compose(
            page -> {
              Found found = requireOwn(asker, page);
              return new Firing(switchboard)
                  .send(
                      asker.scope.tenant(),
                      found.schedule(),
                      Objects.requireNonNullElse(found.payload(), "null"),
                      new MessageId(id + "-now-" + page.now()),
                      asker.cause);
            });
  }

  private Future<Found> own(Asker asker, String id) {
    return store.one(asker.scope, id).map(page -> requireOwn(asker, page));
  }

  private static Found requireOwn(Asker asker, ScheduleStore.Page page) {
    return page.schedules().stream()
        .filter(found -> isOwn(asker.principal, found.schedule()))
        .findFirst()
        .orElseThrow(Schedules::absent);
  }

  private static boolean isOwn(Principal principal, Schedule schedule) {
    return principal.agent() == null || principal.agent().equals(schedule.agent());
  }

  private ObjectNode view(Found found) {
    List<Long> ticks = new ArrayList<>();
    if (found.next() != Timing.NONE) {
      ticks.add(found.next());
      ticks.addAll(found.schedule().timing().next(found.next(), TICKS_SHOWN - 1));
    }
    return view(found.schedule(), ticks, found.last(), found.payload());
  }

  private static ObjectNode view(
      Schedule schedule, List<Long> ticks, @Nullable String last, @Nullable String payload) {
    ObjectNode view = Json.object().put("id", schedule.id()).put("agent", schedule.agent().value());
    if (schedule.isOnce()) {
      view.put("at", schedule.at());
    } else {
      view.put("cron", schedule.cron());
    }
    view.put("zone", schedule.zone());
    view.put(
        "conversation", schedule.conversation() == null ? schedule.id() : schedule.conversation());
    view.put("missed", schedule.missed().wireName()).put("enabled", schedule.enabled());
    view.put("createdAt", schedule.createdAt());
    ArrayNode next = view.putArray("next");
    ticks.forEach(next::add);
    if (last != null) {
      view.set("last", Json.parse("last", last));
    }
    if (payload != null) {
      view.putRawValue("payload", new RawValue(payload));
    }
    return view;
  }

  private static String payload(Wish wish, @Nullable String old) {
    String payload =
        wish.payload == null ? Objects.requireNonNullElse(old, "null") : wish.payload.text();
    if (payload.length() > ScheduleSettings.MAX_PAYLOAD) {
      throw new ParleyException(
              ErrorCode.PAYLOAD_TOO_LARGE,
              "the payload of a schedule has %d characters, at most %d are kept; put the rest where the agent finds it"
                  .formatted(payload.length(), ScheduleSettings.MAX_PAYLOAD))
          .with("field", "payload")
          .with("limit", ScheduleSettings.MAX_PAYLOAD);
    }
    return payload;
  }

  private interface Work<T> {
    T done();
  }

  private static <T> Future<T> checked(Work<T> work) {
    try {
      return Future.succeededFuture(work.done());
    } catch (ParleyException refused) {
      return Future.failedFuture(refused);
    }
  }

  /** Rare ticks take a while to find. */
  private <T> Future<T> onWorker(Work<T> work) {
    return vertx.executeBlocking(work::done, false);
  }

  private static void requireWritten(TenantId tenant, AgentId agent, long result) {
    if (result == -2) {
      throw ParleyException.notFound("agent " + new AgentAddress(tenant, agent));
    }
    if (result == 0) {
      throw new ParleyException(
          ErrorCode.CONFLICT, "the schedule was changed meanwhile; read it and try again");
    }
  }

  private static ParleyException atLimit(TenantId tenant, long used, long limit) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED,
            "tenant %s has %d schedules and may have %d; delete one or ask for a higher plan"
                .formatted(tenant, used, limit))
        .with("limit", "schedules")
        .with("owner", "tenant " + tenant)
        .with("used", used)
        .with("max", limit);
  }

  private static ParleyException absent() {
    return ParleyException.notFound("schedule");
  }
}
