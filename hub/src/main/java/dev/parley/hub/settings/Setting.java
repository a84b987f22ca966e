package dev.parley.hub.settings;

import dev.parley.protocol.error.ParleyException;
import java.util.Locale;
import java.util.function.Function;

/**
 * One setting.
 *
 * @param name the option without dashes, for example {@code max-hops}
 * @param placeholder what stands for the value in help, with its unit, for example {@code <ms>}
 * @param defaultText as one would write it
 * @param description one sentence
 * @param parser from text; throws for a value that is none
 */
public record Setting<T>(
    String name,
    String placeholder,
    String defaultText,
    String description,
    Function<String, T> parser) {

  /** The environment variable, for example {@code PARLEY_MAX_HOPS}. */
  public String variable() {
    return "PARLEY_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /**
   * Reads a value.
   *
   * @throws ParleyException {@code invalid_request} that names the setting, the value and what is
   *     expected
   */
  public T parse(String text) {
    try {
      return parser.apply(text);
    } catch (ParleyException | IllegalArgumentException e) {
      throw ParleyException.invalid(
          name,
          "--%s %s: %s (expected %s: %s)"
              .formatted(name, text, e.getMessage(), placeholder, description));
    }
  }
}
