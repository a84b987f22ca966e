package dev.parley.hub.schedule;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.schedule.ScheduleStore.Claimed;
import dev.parley.hub.schedule.ScheduleStore.Due;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fires schedules. Every node looks several times a second for tenants with something due and takes
 * some, each for a few seconds; so a tenant without schedules costs nothing, and what a node that
 * died had taken, another takes. A tick that cannot be sent, because a limit is reached or
 * something is away, is tried again until it is late.
 */
public final class Scheduler {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);
  private static final long LOOK_MS = 200;
  private static final int TENANTS_AT_ONCE = 64;

  /** A tenant is served for so long and then goes behind the others; its lease is longer. */
  private static final long SERVED_NANOS = 2_500_000_000L;

  private static final int ROUNDS = 20;

  private final Vertx vertx;
  private final ScheduleStore store;
  private final TenantScopes scopes;
  private final Firing firing;
  private final ScheduleSettings settings;
  private final BooleanSupplier mayFire;
  private final Map<TenantId, Future<?>> underWay = new ConcurrentHashMap<>();
  private final AtomicBoolean claiming = new AtomicBoolean();
  private final LongAdder fired = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder missed = new LongAdder();
  private final LongAdder lateMs = new LongAdder();
  private volatile long tenants;
  private volatile boolean away;
  private volatile boolean stopping;
  private volatile long timer = -1;

  /**
   * Not started.
   *
   * @param mayFire whether this node is one that may commit
   */
  public Scheduler(
      Vertx vertx,
      Store store,
      TenantScopes scopes,
      Switchboard switchboard,
      ScheduleSettings settings,
      BooleanSupplier mayFire) {
    this.vertx = vertx;
    this.store = new ScheduleStore(store);
    this.scopes = scopes;
    this.firing = new Firing(switchboard);
    this.settings = settings;
    this.mayFire = mayFire;
  }

  public void start() {
    lookSoon();
  }

  /** Takes no more ticks; completes when those that were taken are done with. */
  public Future<Void> close() {
    stopping = true;
    if (timer >= 0) {
      vertx.cancelTimer(timer);
    }
    return Future.join(List.copyOf(underWay.values())).<Void>mapEmpty().otherwiseEmpty();
  }

  /** Adds its metrics. */
  public void measuredBy(HubMetrics metrics) {
    metrics.gauge("parley.schedules.tenants", this, scheduler -> scheduler.tenants);
    metrics.counter("parley.schedules.fired", "messages of schedules sent", fired, LongAdder::sum);
    metrics.counter(
        "parley.schedules.failed",
        "ticks of schedules whose message could not be sent",
        failed,
        LongAdder::sum);
    metrics.counter(
        "parley.schedules.missed",
        "times that a schedule had ticks too late to be sent",
        missed,
        LongAdder::sum);
    metrics.counter(
        "parley.schedules.late.seconds",
        "how late the messages sent were, all together",
        lateMs,
        late -> late.sum() / 1_000.0);
  }

  /** At no fixed pace: of nodes that keep time with each other one would always be first. */
  private void lookSoon() {
    timer =
        vertx.setTimer(
            LOOK_MS / 2 + ThreadLocalRandom.current().nextLong(LOOK_MS),
            passed -> {
              if (!stopping) {
                lookSoon();
                look();
              }
            });
  }

  private void look() {
    int room = TENANTS_AT_ONCE - underWay.size();
    if (stopping || room <= 0 || !mayFire.getAsBoolean() || !claiming.compareAndSet(false, true)) {
      return;
    }
    store
        .claim(room)
        .onComplete(
            claims -> {
              claiming.set(false);
              if (claims.failed()) {
                if (!away) {
                  LOG.warn("schedules wait: {}", claims.cause().getMessage());
                }
                away = true;
                return;
              }
              away = false;
              tenants = claims.result().tenants();
              claims.result().claimed().forEach(this::serve);
              if (claims.result().claimed().size() == room) {
                look();
              }
            });
  }

  private void serve(Claimed claimed) {
    TenantId tenant = claimed.tenant();
    if (underWay.containsKey(tenant)) {
      return;
    }
    TenantScope scope = scopes.of(HubPrincipals.bookkeeper(tenant));
    Promise<Void> begun = Promise.promise();
    Future<Void> serving =
        begun
            .future()
            .compose(go -> round(scope, claimed, ROUNDS, System.nanoTime() + SERVED_NANOS));
    underWay.put(tenant, serving);
    serving.onComplete(
        done -> {
          underWay.remove(tenant);
          if (done.failed()) {
            LOG.info(
                "schedules of {} are looked at again soon: {}", tenant, done.cause().getMessage());
          }
        });
    begun.complete();
  }

  private Future<Void> round(TenantScope scope, Claimed claimed, int left, long until) {
    return store
        .due(scope)
        .compose(
            work -> {
              boolean enough = left == 0 || System.nanoTime() - until >= 0;
              if (work.due().isEmpty() || enough || stopping) {
                return store.release(claimed, work.next());
              }
              return Future.join(
                      work.due().stream().map(due -> fire(scope, due, work.now())).toList())
                  .compose(fired -> round(scope, claimed, left - 1, until));
            });
  }

  private Future<Void> fire(TenantScope scope, Due due, long now) {
    if (due.again()) {
      return store
          .take(scope, due, Timing.NONE, List.of(due.tick()))
          .compose(
              taken -> taken ? send(scope, due, due.tick(), now) : Future.<Void>succeededFuture());
    }
    return vertx
        .executeBlocking(() -> Lateness.of(due.schedule(), due.tick(), now, settings), false)
        .compose(
            late ->
                store
                    .take(scope, due, late.next(), late.ticks())
                    .compose(
                        taken -> taken ? fire(scope, due, late, now) : Future.succeededFuture()));
  }

  private Future<Void> fire(TenantScope scope, Due due, Lateness late, long now) {
    missed.add(late.missed());
    Future<Void> all =
        late.ticks().isEmpty()
            ? store.confirm(scope, due.schedule().id(), null, Firing.missed(due.tick()), false)
            : Future.succeededFuture();
    for (long tick : late.ticks()) {
      all = all.compose(before -> send(scope, due, tick, now));
    }
    return all;
  }

  /** Sends the message of a tick that is taken; what fails without a word is taken again. */
  private Future<Void> send(TenantScope scope, Due due, long tick, long now) {
    Schedule schedule = due.schedule();
    MessageId message = schedule.messageOf(tick);
    return firing
        .send(scope.tenant(), schedule, due.payload(), message, null)
        .transform(
            sent -> {
              if (sent.succeeded() || (due.again() && isCode(sent.cause(), ErrorCode.CONFLICT))) {
                fired.increment();
                lateMs.add(Math.max(0, now - tick));
                return store.confirm(
                    scope, schedule.id(), tick, Firing.sent(tick, message), schedule.isOnce());
              }
              return unsent(scope, schedule, tick, now, sent.cause());
            });
  }

  private Future<Void> unsent(
      TenantScope scope, Schedule schedule, long tick, long now, Throwable cause) {
    ParleyException why =
        cause instanceof ParleyException known
            ? known
            : new ParleyException(ErrorCode.INTERNAL, "the hub could not send it", cause);
    boolean late = tick < now - settings.late().toMillis();
    if (why.code().retryable() && !late) {
      return Future.succeededFuture();
    }
    failed.increment();
    LOG.info(
        "schedule {} of {} has not fired at {}: {}",
        schedule.id(),
        scope.tenant(),
        tick,
        why.getMessage());
    return why.code() == ErrorCode.NOT_FOUND
        ? store.delete(scope, schedule.id()).mapEmpty()
        : store.confirm(scope, schedule.id(), tick, Firing.failed(tick, why), false);
  }

  private static boolean isCode(Throwable failure, ErrorCode code) {
    return failure instanceof ParleyException known && known.code() == code;
  }
}
