package dev.parley.hub.schedule;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.schedule.Planning.Planned;
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
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The schedules of tenants. People see and change all of their tenant's; an agent makes schedules
 * for itself, sees those for itself, and changes and runs those that it has made: what people have
 * scheduled is sent in the name of the tenant. What is answered is as the contract has it.
 */
public final class Schedules {
  private static final int PAGE = 200;

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
  private final Planning planning;

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
    this.planning = new Planning(switchboard, settings);
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
    return checked(() -> Planning.payload(wish, "null"))
        .compose(
            payload ->
                planned(scope, now -> planning.made(asker, agent, wish, now))
                    .compose(
                        planned ->
                            written(scope, planned, payload)
                                .compose(written -> listed(scope, planned))));
  }

  private Future<Planned> planned(TenantScope scope, LongFunction<Planned> plan) {
    return store
        .listSoon(scope.tenant())
        .compose(now -> vertx.executeBlocking(() -> plan.apply(now), false));
  }

  private Future<Void> written(TenantScope scope, Planned planned, String payload) {
    return tenants
        .get(scope.tenant())
        .compose(
            tenant -> {
              long limit = Limits.value(tenant.limits().schedules());
              return store
                  .create(scope, planned.schedule(), payload, planned.next(), limit)
                  .map(
                      result -> {
                        requireWritten(
                            scope.tenant(), planned.schedule().agent(), result.integer(0));
                        if (result.integer(0) == -1) {
                          throw atLimit(scope.tenant(), result.integer(1), limit);
                        }
                        return null;
                      });
            });
  }

  private Future<ObjectNode> listed(TenantScope scope, Planned planned) {
    ObjectNode view = ScheduleView.of(planned.schedule(), planned.ticks(), null, null);
    return planned.ticks().isEmpty()
        ? Future.succeededFuture(view)
        : store.list(scope.tenant(), planned.next()).map(view);
  }

  /** The schedules that the asker may see, in pages. */
  public Future<Page> list(Asker asker, @Nullable String after, int limit) {
    return store
        .page(asker.scope, after, limit + 1)
        .compose(page -> shown(() -> page(asker, page, limit)));
  }

  private static Page page(Asker asker, ScheduleStore.Page page, int limit) {
    List<ObjectNode> views = new ArrayList<>();
    List<Found> found = page.schedules();
    for (Found one : found.subList(0, Math.min(limit, found.size()))) {
      if (isOwn(asker.principal, one.schedule())) {
        views.add(ScheduleView.of(one));
      }
    }
    return new Page(views, found.size() > limit ? found.get(limit - 1).schedule().id() : null);
  }

  /** Shows schedules, off the event loop: their next ticks may take a while to find. */
  private <T> Future<T> shown(Callable<T> view) {
    return vertx.executeBlocking(view, false);
  }

  /** One schedule with its payload; fails with {@code not_found}. */
  public Future<ObjectNode> get(Asker asker, String id) {
    return own(asker, id).compose(found -> shown(() -> ScheduleView.of(found)));
  }

  /**
   * Changes a schedule; the ticks between are no longer due.
   *
   * @return fails as {@link #create}, with {@code conflict} when somebody else changes it, and with
   *     {@code forbidden} for an agent that has not made it
   */
  public Future<ObjectNode> update(Asker asker, String id, Wish wish) {
    TenantScope scope = asker.scope;
    return made(asker, id)
        .compose(
            old ->
                checked(() -> Planning.payload(wish, old.payload()))
                    .compose(
                        payload ->
                            planned(
                                    scope,
                                    now -> planning.changed(asker, old.schedule(), wish, now))
                                .compose(
                                    planned ->
                                        store
                                            .update(
                                                scope,
                                                old,
                                                planned.schedule(),
                                                payload,
                                                planned.next())
                                            .compose(
                                                result -> {
                                                  requireWritten(
                                                      scope.tenant(),
                                                      planned.schedule().agent(),
                                                      result.integer(0));
                                                  return listed(scope, planned);
                                                }))));
  }

  /** Deletes a schedule; fails with {@code not_found} and {@code forbidden}. */
  public Future<Void> delete(Asker asker, String id) {
    return made(asker, id)
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

  /**
   * Sends the message of a schedule now, beside its ticks; fails as a sent message does, and with
   * {@code forbidden} for an agent that has not made it.
   */
  public Future<Switchboard.Sent> run(Asker asker, String id) {
    return store
        .one(asker.scope, id)
        .compose(
            page -> {
              Found found = requireMade(asker, requireOwn(asker, page));
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

  private Future<Found> made(Asker asker, String id) {
    return own(asker, id).map(found -> requireMade(asker, found));
  }

  /** What people have scheduled has their rights, not those of the agent that it is for. */
  private static Found requireMade(Asker asker, Found found) {
    if (asker.principal.agent() != null && !found.schedule().byAgent()) {
      throw new ParleyException(
          ErrorCode.FORBIDDEN,
          "people of tenant %s have made this schedule; an agent changes, deletes and runs those that it has made itself"
              .formatted(asker.scope.tenant()));
    }
    return found;
  }

  private static boolean isOwn(Principal principal, Schedule schedule) {
    return principal.agent() == null || principal.agent().equals(schedule.agent());
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
