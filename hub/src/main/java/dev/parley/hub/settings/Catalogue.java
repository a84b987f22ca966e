package dev.parley.hub.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The settings in the order in which they were declared, and the kinds of values they take. */
final class Catalogue {
  private static final List<Setting<?>> REGISTERED = new ArrayList<>();

  private Catalogue() {}

  static List<Setting<?>> all() {
    return Collections.unmodifiableList(REGISTERED);
  }

  static Setting<String> text(
      String name, String placeholder, String defaultText, String description) {
    return register(name, placeholder, defaultText, description, Function.identity());
  }

  static Setting<Boolean> bool(String name, String defaultText, String description) {
    return register(
        name,
        "true|false",
        defaultText,
        description,
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException("neither true nor false");
            });
  }

  static Setting<Integer> integer(
      String name, String placeholder, String defaultText, int min, int max, String description) {
    return register(
        name, placeholder, defaultText, description, text -> (int) inRange(text, min, max));
  }

  static Setting<Duration> millis(
      String name, String defaultText, long min, long max, String description) {
    return register(
        name, "<ms>", defaultText, description, text -> Duration.ofMillis(inRange(text, min, max)));
  }

  static <E extends Enum<E>> Setting<E> oneOf(
      String name, Class<E> type, String defaultText, String description) {
    List<String> names =
        Arrays.stream(type.getEnumConstants())
            .map(value -> value.name().toLowerCase(Locale.ROOT))
            .toList();
    return register(
        name,
        String.join("|", names),
        defaultText,
        description,
        text -> {
          if (!names.contains(text)) {
            throw new IllegalArgumentException("not one of " + String.join(", ", names));
          }
          return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
        });
  }

  static <T> Setting<T> register(
      String name,
      String placeholder,
      String defaultText,
      String description,
      Function<String, T> parser) {
    Setting<T> setting = new Setting<>(name, placeholder, defaultText, description, parser);
    REGISTERED.add(setting);
    return setting;
  }

  static long inRange(String text, long min, long max) {
    long value = Long.parseLong(text);
    if (value < min || value > max) {
      throw new IllegalArgumentException("not between %d and %d".formatted(min, max));
    }
    return value;
  }

  static List<String> list(String text) {
    return text.isBlank() ? List.of() : Arrays.stream(text.split(",")).map(String::strip).toList();
  }
}
