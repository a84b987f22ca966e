package dev.parley.hub.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * What is to be done about a schedule that is due: which ticks are sent and when it is due next. No
 * two ticks are closer than the least period, and there are at most twice {@link #MOST} of them:
 * what is in time beyond that is due next, at once.
 *
 * @param missed how many ticks were given up, at least
 */
record Lateness(List<Long> ticks, long next, int missed) {

  static final int MOST = MissedPolicy.ALL.most();

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
    while (tick != Timing.NONE && tick <= now && inTime.size() < MOST) {
      inTime.add(tick);
      tick = timing.after(tick + period - 1);
    }
    if (due == punctual) {
      return new Lateness(inTime, tick, 0);
    }
    MissedPolicy policy = schedule.missed();
    boolean madeUpFor = policy == MissedPolicy.ONCE && !inTime.isEmpty();
    long first = inTime.isEmpty() ? tick : inTime.get(0);
    long latest = first == Timing.NONE ? punctual - 1 : Math.min(punctual - 1, first - period);
    List<Long> ticks =
        new ArrayList<>(timing.last(due, latest, madeUpFor ? 0 : policy.most(), period));
    int missed = ticks.isEmpty() || ticks.get(0) > due ? 1 : 0;
    ticks.addAll(inTime);
    return new Lateness(ticks, tick, missed);
  }
}
