package dev.parley.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static Plan plan(long seed, int seconds) {
    return new Plan(3, seconds, 10, 15, seed, List.of(Fault.Kind.values()), Set.of());
  }

  @Property(tries = 100)
  void aSeedMakesTheSameFaults(@ForAll long seed) {
    assertEquals(Schedule.of(plan(seed, 600)), Schedule.of(plan(seed, 600)));
  }

  @Property(tries = 100)
  void everyKindComesBeforeAnyComesAgainAndOnNodesThatExist(@ForAll long seed) {
    int kinds = Fault.Kind.values().length;
    List<Fault> faults = Schedule.of(plan(seed, 10 * kinds));
    assertEquals(kinds, faults.size());
    assertEquals(
        EnumSet.allOf(Fault.Kind.class),
        faults.stream().map(Fault::kind).collect(Collectors.toSet()));
    assertTrue(faults.stream().allMatch(fault -> fault.node() >= 0 && fault.node() < 3));
  }

  @Test
  void anotherSeedMakesOthers() {
    assertNotEquals(Schedule.of(plan(1, 600)), Schedule.of(plan(2, 600)));
  }
}
