package dev.parley.hub.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OpenTailsTest {
  private final AtomicLong now = new AtomicLong();
  private final OpenTails tails = new OpenTails(2, now::get);

  private void written(String id) {
    tails.take(id);
    tails.put(id, new TranscriptTail(new RecentRuns(10), List.of(), 0, 0));
  }

  @Test
  void theOneWrittenLeastRecentlyGoesFirst() {
    written("a");
    written("b");
    written("a");
    written("c");

    assertEquals(2, tails.size());
    assertNull(tails.take("b"));
    assertNotNull(tails.take("a"));
  }

  @Test
  void idleOnesAreForgotten() {
    written("a");
    now.set(100);
    written("b");
    now.set(150);

    tails.dropIdle(100);

    assertNull(tails.take("a"));
    assertNotNull(tails.take("b"));
  }
}
