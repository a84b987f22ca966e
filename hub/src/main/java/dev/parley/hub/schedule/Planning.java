package dev.parley.hub.schedule;

import dev.parley.hub.access.Rights;
import dev.parley.hub.schedule.Schedules.Asker;
import dev.parley.hub.schedule.Schedules.Wish;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.envelope.Cause;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes schedules of what was wished for, within the bounds. Rare ticks take a while to find. */
record Planning(Switchboard switchboard, ScheduleSettings settings) {
  static final int TICKS_SHOWN = 3;
  private static final long YEAR_MS = 366L * 86_400_000;

  /** A schedule that may be as it is, and its next ticks. */
  record Planned(Schedule schedule, long now, List<Long> ticks) {
    long next() {
      return ticks.isEmpty() ? Timing.NONE : ticks.get(0);
    }
  }

  /** Plans a new schedule; throws what {@link Schedules#create} fails with. */
  Planned made(Asker asker, AgentId agent, Wish wish, long now) {
    Schedule schedule = draft(asker, agent, wish, now);
    return new Planned(schedule, now, plan(schedule, now));
  }

  /** Plans a changed schedule; throws what {@link Schedules#update} fails with. */
  Planned changed(Asker asker, Schedule old, Wish wish, long now) {
    Schedule schedule = changed(asker, old, wish);
    return new Planned(schedule, now, schedule.enabled() ? plan(schedule, now) : List.of());
  }

  private Schedule draft(Asker asker, AgentId agent, Wish wish, long now) {
    if ((wish.cron() == null) == (wish.at() == null)) {
      throw ParleyException.invalid("cron", "say when: cron or at, and not both");
    }
    return new Schedule(
        MessageId.next().value(),
        agent,
        asker.principal().agent() != null,
        wish.cron(),
        wish.at() == null ? 0 : wish.at(),
        wish.zone() == null ? "UTC" : wish.zone(),
        wish.conversation(),
        wish.missed() == null ? MissedPolicy.ONCE : wish.missed(),
        wish.enabled() == null || wish.enabled(),
        now,
        causes(asker),
        asker.traceparent(),
        rights(asker));
  }

  private static Rights rights(Asker asker) {
    Rights own = asker.principal().rights();
    return asker.cause() == null ? own : own.and(asker.cause().rights());
  }

  /** A schedule made by an agent while it handles a message follows from that. */
  private List<Cause> causes(Asker asker) {
    return asker.cause() == null
        ? List.of()
        : switchboard.following(asker.cause().delivery().envelope());
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

  private Schedule changed(Asker asker, Schedule old, Wish wish) {
    if (wish.cron() != null && wish.at() != null) {
      throw ParleyException.invalid("cron", "say when: cron or at, and not both");
    }
    boolean once = wish.at() != null || (wish.cron() == null && old.isOnce());
    Schedule next =
        new Schedule(
            old.id(),
            old.agent(),
            old.byAgent(),
            once ? null : wish.cron() == null ? old.cron() : wish.cron(),
            !once ? 0 : wish.at() == null ? old.at() : wish.at(),
            wish.zone() == null ? old.zone() : wish.zone(),
            wish.conversation() == null ? old.conversation() : wish.conversation(),
            wish.missed() == null ? old.missed() : wish.missed(),
            wish.enabled() == null ? old.enabled() : wish.enabled(),
            old.createdAt(),
            Firing.longer(causes(asker), old.causes()),
            old.traceparent(),
            old.rights().and(rights(asker)));
    if (!next.isOnce()) {
      Objects.requireNonNull(next.timing());
    }
    return next;
  }

  /** The payload that was wished for, or the old one. */
  static String payload(Wish wish, @Nullable String old) {
    String payload =
        wish.payload() == null ? Objects.requireNonNullElse(old, "null") : wish.payload().text();
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
}
