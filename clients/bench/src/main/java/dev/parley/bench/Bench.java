package dev.parley.bench;

import java.io.IOException;
import java.util.List;

/** One subject of measurement. */
interface Bench {
  /** What {@code --only} calls it. */
  String name();

  /** What it measures, for {@code --help}. */
  List<String> description();

  /** Measures. */
  void run(Plan plan, Report report) throws IOException, InterruptedException;

  /**
   * How to measure.
   *
   * @param quick few and short: to see that everything runs, not to be quoted
   */
  record Plan(Cores cores, Cleanup cleanup, Progress progress, int rounds, boolean quick) {
    int count(int full, int whenQuick) {
      return quick ? whenQuick : full;
    }
  }

  /** Tells people what is going on. */
  @FunctionalInterface
  interface Progress {
    void say(String line);
  }
}
