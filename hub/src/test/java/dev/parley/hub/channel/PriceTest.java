package dev.parley.hub.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.channel.Price.Unit;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PriceTest {
  @Property
  void aKilotokenPriceIsTheExactShareRoundedUpOnce(
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long tokens,
      @ForAll @LongRange(min = 0, max = Price.MOST) long millicents) {
    BigInteger exact =
        new BigDecimal(tokens)
            .multiply(BigDecimal.valueOf(millicents))
            .divide(BigDecimal.valueOf(1_000), 0, RoundingMode.CEILING)
            .toBigInteger()
            .min(BigInteger.valueOf(Long.MAX_VALUE));
    assertEquals(exact.longValueExact(), new Price(Unit.KILOTOKEN, millicents).cost(tokens));
  }

  @Property
  void aPricePerCallDoesNotDependOnTokens(
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long tokens,
      @ForAll @LongRange(min = 0, max = Price.MOST) long millicents) {
    assertEquals(millicents, new Price(Unit.CALL, millicents).cost(tokens));
  }

  @Test
  void oneTokenOfTheCheapestPriceCostsOneMillicent() {
    Price price = new Price(Unit.KILOTOKEN, 1);
    assertEquals(0, price.cost(0));
    assertEquals(1, price.cost(1));
    assertEquals(1, price.cost(1_000));
    assertEquals(2, price.cost(1_001));
  }

  @Test
  void pricesOfDifferentUnitsAreNotWithinEachOther() {
    Price perCall = new Price(Unit.CALL, 5);
    assertTrue(perCall.atMost(perCall));
    assertTrue(perCall.atMost(new Price(Unit.CALL, 6)));
    assertFalse(perCall.atMost(new Price(Unit.CALL, 4)));
    assertFalse(perCall.atMost(new Price(Unit.KILOTOKEN, 1_000)));
    assertTrue(Price.FREE.atMost(new Price(Unit.KILOTOKEN, 0)));
  }

  @Test
  void amountsOutOfRangeAreRefused() {
    assertThrows(ParleyException.class, () -> new Price(Unit.CALL, -1));
    assertThrows(ParleyException.class, () -> new Price(Unit.CALL, Price.MOST + 1));
    assertThrows(IllegalArgumentException.class, () -> Price.FREE.cost(-1));
  }

  @Test
  void itIsWrittenAsTheContractSays() {
    Price price = new Price(Unit.KILOTOKEN, 250);
    String json = "{\"unit\":\"kilotoken\",\"millicents\":250}";
    assertEquals(json, Json.write(price));
    assertEquals(price, Json.read(json, Price.class));
  }
}
