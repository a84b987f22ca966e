package dev.parley.hub.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.ExecutionContext;
import com.networknt.schema.SchemaContext;
import com.networknt.schema.format.Format;
import java.math.BigDecimal;

/**
 * What every integer of the contract is on top of its schema: one that a {@code long} can hold. The
 * code behind the validator reads longs, and networknt compares {@code minimum} and {@code maximum}
 * with the low 64 bits of a number in scientific notation: {@code 1e999} would pass as 0.
 */
final class Int64Format implements Format {
  private static final String NAME = "int64";
  private static final BigDecimal MIN = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal MAX = BigDecimal.valueOf(Long.MAX_VALUE);

  /** Adds the format to each integer in a schema, ahead of the range. */
  static void require(JsonNode schema) {
    schema.forEach(Int64Format::require);
    if (schema instanceof ObjectNode object && "integer".equals(object.path("type").textValue())) {
      ObjectNode rules = object.deepCopy();
      object.removeAll();
      object.set("type", rules.remove("type"));
      object.put("format", NAME);
      object.setAll(rules);
    }
  }

  @Override
  public String getName() {
    return NAME;
  }

  @Override
  public boolean matches(ExecutionContext execution, SchemaContext schema, JsonNode value) {
    if (!value.isNumber() || value.isInt() || value.isLong()) {
      return true;
    }
    BigDecimal number = value.decimalValue();
    return number.compareTo(MIN) >= 0 && number.compareTo(MAX) <= 0;
  }
}
