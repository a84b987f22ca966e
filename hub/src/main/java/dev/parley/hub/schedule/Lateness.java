package dev.parley.hub.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * What is to be done about a schedule that is due: which ticks are sent and when it is due next.
 *
 * @param missed how many ticks were given up, at least
 */
record Lateness(List<Long> ticks, long next, int missed) {

  /**
   * Looks at a schedule that was due.
   *
   * @param due its first tick that was not sent
   */
  static Lateness of(Schedule schedule, long due, long now, ScheduleSettings settings) {
    Timing timing = schedule.timing();
    long period = settings.minPeriod().toMillis();
    long punctual = Math.max(due, now - settings.late().toMillis());
    List<Long> inTime = new ArrayList<>();
    long tick = due == punctual ? due : timing.after(punctual - 1);
    while (tick != Timing.NONE && tick <= now) {
      inTime.add(tick);
      tick = timing.after(tick + period - 1);
    }
    long last = inTime.isEmpty() ? punctual - 1 : inTime.get(inTime.size() - 1);
    long next = timing.after(Math.max(now, last + period - 1));
    if (due == punctual) {
      return new Lateness(inTime, next, 0);
    }
    MissedPolicy policy = schedule.missed();
    boolean madeUpFor = policy == MissedPolicy.ONCE && !inTime.isEmpty();
    List<Long> ticks =
        new ArrayList<>(timing.last(due, punctual - 1, madeUpFor ? 0 : policy.most()));
    int missed = ticks.isEmpty() || ticks.get(0) > due ? 1 : 0;
    ticks.addAll(inTime);
    return new Lateness(ticks, next, missed);
  }
}
