package dev.parley.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.chaos.Event.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecoveryTest {
  private static List<Event> failing(String series) {
    return List.of(
        new Event(100, Kind.FAULT, "kill", "kill-1", 1, "node 1"),
        new Event(200, Kind.HEALED, "kill", "kill-1", 1, ""),
        new Event(300, Kind.CALLED, series, "c1", 5_000, ""),
        new Event(900, Kind.FAILED, series, "c1", 0, "unavailable"));
  }

  @Test
  void aFaultIsFeltUntilTheLastCallThatFails() {
    Recovery felt = Recovery.of(failing("call:a>b")).get(0);
    assertEquals(1, felt.failed());
    assertEquals(800, felt.feltMs());
  }

  @Test
  void anAttemptOfAChatThatGoesToTheNextNodeIsNotFelt() {
    assertEquals(0, Recovery.of(failing(Chats.CALLER + "town-2")).get(0).failed());
  }
}
