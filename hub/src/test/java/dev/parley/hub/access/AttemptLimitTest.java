package dev.parley.hub.access;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AttemptLimitTest {
  private static final int ATTEMPTS = 10;
  private static final String A = "address 192.0.2.1";
  private static final String B = "address 192.0.2.2";

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final AttemptLimit limit =
      new AttemptLimit(
          new AttemptLimit.Rate("tries", "tries", ATTEMPTS, Duration.ofSeconds(10)), nanos::get);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private int taken(int tries) {
    AtomicInteger taken = new AtomicInteger();
    IntStream.range(0, tries)
        .parallel()
        .forEach(
            i -> {
              try {
                limit.take(A);
                taken.incrementAndGet();
              } catch (ParleyException refused) {
                assertEquals(ErrorCode.RATE_LIMITED, refused.code());
              }
            });
    return taken.get();
  }

  @Test
  void manyAtOnceGetAsManyAsThereAreAndNoMore() {
    assertEquals(ATTEMPTS, taken(1_000));
    assertEquals(990, limit.refused());
  }

  @Test
  void itRefillsEvenly() {
    taken(ATTEMPTS);
    pass(Duration.ofMillis(999));
    assertEquals(0, taken(5));
    pass(Duration.ofMillis(1));
    assertEquals(1, taken(5));
    pass(Duration.ofSeconds(100));
    assertEquals(ATTEMPTS, taken(100), "never more than a whole bucket");
  }

  @Test
  void aRefusalSaysWhoMayTryHowOftenAndWhenAgain() {
    taken(ATTEMPTS);
    ParleyException refused = assertThrows(ParleyException.class, () -> limit.take(A));
    assertEquals(
        "too many tries from address 192.0.2.1: 10 in 10 s are admitted; try again in 1 s",
        refused.text());
    assertEquals("tries", refused.details().get("limit"));
    assertEquals(A, refused.details().get("owner"));
    assertEquals(1_000, refused.retryAfterMs());
    pass(Duration.ofMillis(refused.retryAfterMs()));
    assertDoesNotThrow(() -> limit.take(A));
  }

  @Test
  void oneAddressDoesNotUseUpWhatAnotherHas() {
    taken(ATTEMPTS);
    assertThrows(ParleyException.class, () -> limit.require(A));
    assertDoesNotThrow(() -> limit.require(B));
    assertDoesNotThrow(() -> limit.take(B));
  }

  @Test
  void askingDoesNotCount() {
    for (int i = 0; i < 100; i++) {
      limit.require(A);
    }
    assertEquals(ATTEMPTS, taken(100));
  }

  @Test
  void whatIsCountedLateIsOwedAndWaitedOffUpToAWholeBucket() {
    for (int i = 0; i < ATTEMPTS + 3; i++) {
      limit.charge(A);
    }
    assertEquals(4_000, assertThrows(ParleyException.class, () -> limit.require(A)).retryAfterMs());
    for (int i = 0; i < 1_000; i++) {
      limit.charge(A);
    }
    long wait = assertThrows(ParleyException.class, () -> limit.require(A)).retryAfterMs();
    assertEquals(11_000, wait);
    pass(Duration.ofMillis(wait));
    assertDoesNotThrow(() -> limit.require(A));
  }

  @Test
  void anAddressIsAnIpv4AddressOrANetworkOfIpv6() {
    assertEquals("192.0.2.7", text("192.0.2.7"));
    assertEquals("192.0.2.7", text("::ffff:192.0.2.7"));
    assertEquals(text("2001:db8:0:1::1"), text("2001:db8:0:1:ffff:ffff:ffff:ffff"));
    assertTrue(!text("2001:db8:0:1::1").equals(text("2001:db8:0:2::1")));
    for (String other : new String[] {"", "localhost", "1.2.3", "1.2.3.4:80", "unknown", "::g"}) {
      assertTrue(ClientAddress.parse(other).isEmpty(), other);
    }
  }

  private static String text(String address) {
    return ClientAddress.parse(address).orElseThrow().text();
  }
}
