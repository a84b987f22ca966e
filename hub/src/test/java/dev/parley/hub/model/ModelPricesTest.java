package dev.parley.hub.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ParleyException;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class ModelPricesTest {

  @Example
  void theMostPreciseEntryCounts() {
    ModelPrices prices =
        ModelPrices.defaults().with("openai/gpt-5=125/1000, openai/*=500/2000,*=9/9");

    assertEquals(new ModelPrice(125, 1000), prices.of("openai/gpt-5"));
    assertEquals(new ModelPrice(500, 2000), prices.of("openai/gpt-6"));
    assertEquals(new ModelPrice(9, 9), prices.of("anthropic/claude"));
    assertEquals(ModelPrice.FREE, prices.of("offline/parley-1"));
  }

  @Example
  void aModelNobodyHasPricedIsNotFree() {
    assertTrue(ModelPrices.defaults().of("openai/gpt-9").of(1, 0) > 0);
  }

  @Example
  void aMalformedSettingIsRefused() {
    assertThrows(ParleyException.class, () -> ModelPrices.defaults().with("openai/gpt-5=cheap"));
    assertThrows(ParleyException.class, () -> ModelPrices.defaults().with("openai/gpt-5=-1/2"));
  }

  @Property
  void partsNeverCostLessThanTheWhole(
      @ForAll @LongRange(min = 0, max = 100_000) long first,
      @ForAll @LongRange(min = 0, max = 100_000) long second,
      @ForAll @LongRange(min = 0, max = 100_000) long price) {
    ModelPrice each = new ModelPrice(price, price);

    assertTrue(each.of(first, 0) + each.of(0, second) >= each.of(first, second));
    assertTrue(each.of(first, second) * 1000 >= price * (first + second));
  }
}
