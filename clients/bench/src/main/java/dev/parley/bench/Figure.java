package dev.parley.bench;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One measured number.
 *
 * @param unit {@code 1/s}, {@code us}, {@code ms}, {@code bytes}, {@code ratio} or {@code percent}
 */
record Figure(String name, double value, String unit, @Nullable Aim aim) {

  /** What a figure should be. */
  record Aim(boolean atLeast, double bound) {
    static Aim atLeast(double bound) {
      return new Aim(true, bound);
    }

    static Aim below(double bound) {
      return new Aim(false, bound);
    }

    boolean metBy(double value) {
      return atLeast ? value >= bound : value < bound;
    }

    String text() {
      return (atLeast ? "at least " : "under ") + number(bound);
    }
  }

  static Figure of(String name, double value, String unit) {
    return new Figure(name, value, unit, null);
  }

  Figure aiming(Aim at) {
    return new Figure(name, value, unit, at);
  }

  String shown() {
    return number(value);
  }

  static String number(double value) {
    return String.format(
        Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }
}
