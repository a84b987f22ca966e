package dev.parley.hub.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a script returned: a list of integers and strings (a single value is a list of one).
 *
 * @param values each a {@link Long}, a {@link String} or null
 */
public record ScriptResult(List<@Nullable Object> values) {

  /** The integer at this place. */
  public long integer(int index) {
    Object value = values.get(index);
    if (value instanceof Long number) {
      return number;
    }
    throw new IllegalStateException("script result " + index + " is no integer: " + value);
  }

  /** The string at this place; an integer is written as one. */
  public String text(int index) {
    return String.valueOf(values.get(index));
  }

  public int size() {
    return values.size();
  }
}
