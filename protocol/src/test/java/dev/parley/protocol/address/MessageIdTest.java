package dev.parley.protocol.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MessageIdTest {
  @Test
  void anIdIsAUuidOfVersionSevenWithTheTimeInFront() {
    long before = System.currentTimeMillis();
    UUID uuid = UUID.fromString(MessageId.next().value());
    long after = System.currentTimeMillis();
    assertEquals(7, uuid.version());
    assertEquals(2, uuid.variant());
    long time = uuid.getMostSignificantBits() >>> 16;
    assertTrue(before <= time && time <= after, () -> before + " " + time + " " + after);
  }

  @Test
  void idsMadeAtOnceByManyThreadsAreAllDifferent() {
    Set<String> ids = ConcurrentHashMap.newKeySet();
    IntStream.range(0, 200_000).parallel().forEach(i -> ids.add(MessageId.next().value()));
    assertEquals(200_000, ids.size());
  }

  @Test
  void idsOfLaterMillisecondsSortLater() {
    for (int i = 0; i < 20; i++) {
      MessageId earlier = MessageId.next();
      long now = System.currentTimeMillis();
      while (System.currentTimeMillis() <= now) {
        Thread.onSpinWait();
      }
      assertTrue(earlier.value().compareTo(MessageId.next().value()) < 0);
    }
  }
}
