package dev.parley.protocol.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private record Sign(TenantId tenant, long limit) {}

  @Property
  void everyJsonTextIsRead(@ForAll("values") String text) {
    Json.parse("text", text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "x",
        "{}{}",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "[{\"a\":1,\"\\u0061\":2}]",
        "1e99999999999",
        "-1e-99999999999",
        "{\"a\":1e99999999999}",
        "01",
        "NaN",
        "'a'",
        "\"a"
      })
  void whatIsNoJsonIsRefusedByItsName(String text) {
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> Json.parse("settings", text));
    assertEquals(ErrorCode.INVALID_REQUEST, refusal.code());
    assertEquals("settings", refusal.details().get("field"));
  }

  @Test
  void nestingIsBoundedAt64() {
    Json.parse("text", "[".repeat(64) + "]".repeat(64));
    String tooDeep = "[".repeat(65) + "]".repeat(65);
    assertThrows(ParleyException.class, () -> Json.parse("text", tooDeep));
  }

  @Test
  void aRecordIsReadWithTheRulesOfItsTypes() {
    assertEquals(new Sign(new TenantId("acme"), 7), Json.read(sign("acme", "7.0"), Sign.class));
    ParleyException refusal =
        assertThrows(ParleyException.class, () -> Json.read(sign("Acme", "7"), Sign.class));
    assertEquals("tenant", refusal.details().get("field"));
    for (String number :
        new String[] {"1e30", "1e999999999", "100e2147483647", "9223372036854775808"}) {
      assertThrows(ParleyException.class, () -> Json.read(sign("acme", number), Sign.class));
    }
  }

  private static String sign(String tenant, String limit) {
    return "{\"tenant\":{\"value\":\"%s\"},\"limit\":%s,\"later\":1}".formatted(tenant, limit);
  }

  @Provide
  Arbitrary<String> values() {
    return JsonTexts.values();
  }
}
