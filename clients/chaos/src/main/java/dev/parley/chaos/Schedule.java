package dev.parley.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Which faults come, in which order: the same for the same seed. */
final class Schedule {
  private Schedule() {}

  /** Each kind comes before any comes again. */
  static List<Fault> of(Plan plan) {
    SplittableRandom random = new SplittableRandom(plan.seed());
    List<Fault> faults = new ArrayList<>();
    List<Fault.Kind> bag = new ArrayList<>();
    int count = plan.faults().isEmpty() ? 0 : Math.max(1, plan.seconds() / plan.every());
    while (faults.size() < count) {
      if (bag.isEmpty()) {
        bag.addAll(plan.faults());
      }
      Fault.Kind kind = bag.remove(random.nextInt(bag.size()));
      faults.add(
          new Fault(
              kind,
              random.nextInt(plan.nodes()),
              random.nextLong(kind.shortest(), kind.longest() + 1),
              random.nextBoolean(),
              random.nextBoolean()));
    }
    return faults;
  }
}
