package dev.parley.hub.switchboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutgoingTest {
  /** It never comes to the switchboard, so it needs none. */
  private final Outgoing call = new Outgoing(null, null, Switchboard.Chunks.IGNORED, Credits.of(1));

  @Test
  void oneThatIsGivenUpBeforeItStartsFailsOnceWhenItDoes() {
    assertTrue(call.cancel("its caller disconnected"));
    List<ParleyException> failures = new ArrayList<>();
    call.start(
        reply -> {
          throw new AssertionError("replied");
        },
        failures::add);
    assertEquals(
        List.of(ErrorCode.CANCELLED), failures.stream().map(ParleyException::code).toList());
  }
}
