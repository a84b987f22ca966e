package dev.parley.hub.agent.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SentCallTest {
  private final SentCall call = new SentCall(null, "node.a", false, false);

  @Test
  void chunksComeInOrderWithoutHolesAndTheReplyCountsThem() {
    assertTrue(call.isNext(0));
    assertTrue(call.isNext(1));
    assertFalse(call.isNext(3));
    assertFalse(call.isNext(1));
    assertTrue(call.isWhole(2));
    assertFalse(call.isWhole(3));
  }

  @Test
  void creditIsToldAsATotal() {
    call.begin(4);
    assertEquals(6, call.grant(2));
    assertEquals(9, call.grant(3));
  }

  @Test
  void creditIsToldAgainWhileNothingComesAndNotForEver() {
    call.begin(1);
    assertEquals(OptionalLong.empty(), call.creditToRepeat());
    call.grant(2);
    assertEquals(OptionalLong.of(3), call.creditToRepeat());
    assertTrue(call.isNext(0));
    assertEquals(OptionalLong.empty(), call.creditToRepeat());
    int times = 0;
    while (call.creditToRepeat().isPresent() && times < 100) {
      times++;
    }
    assertTrue(times > 0 && times < 10, "told again so often: " + times);
  }

  @Test
  void aMessageWithoutItsNumberIsNotRead() {
    assertEquals(new Numbered(7, "a b"), Numbered.parse("7 a b"));
    assertEquals("7 a b", new Numbered(7, "a b").toString());
    for (String broken : new String[] {"", "7", "{} ", " 7"}) {
      assertThrows(NumberFormatException.class, () -> Numbered.parse(broken), broken);
    }
  }
}
