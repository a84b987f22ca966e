package dev.parley.chaos;

import dev.parley.chaos.Event.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One run: starts everything, does the plan's harm, and hands back what was seen. */
final class Run {
  private static final long WARM_UP_MS = 3_000;

  private final Plan plan;
  private final Path directory;
  private final Consumer<String> progress;

  /**
   * A run that has not begun.
   *
   * @param directory an empty one, for data and logs
   */
  Run(Plan plan, Path directory, Consumer<String> progress) {
    this.plan = plan;
    this.directory = directory;
    this.progress = progress;
  }

  /** Runs; the history ends when all that was accepted has happened, or patience ended. */
  History history() throws Exception {
    Files.createDirectories(directory);
    progress.accept(
        "starting %d nodes and Redis in %s, seed %d"
            .formatted(plan.nodes(), directory, plan.seed()));
    try (Fleet fleet = Fleet.start(directory, plan)) {
      Town town = Town.found(fleet);
      History history = new History();
      try (Workload workload = new Workload(town, history)) {
        workload.start(!plan.without().contains(Plan.Safeguard.DEDUPE));
        TimeUnit.MILLISECONDS.sleep(WARM_UP_MS);
        harm(fleet, history);
        progress.accept("no more faults; waiting for what was accepted");
        workload.finish();
      }
      return history;
    }
  }

  private void harm(Fleet fleet, History history) throws IOException, InterruptedException {
    long begin = history.now();
    List<Fault> faults = Schedule.of(plan);
    long end = begin + TimeUnit.SECONDS.toMillis(plan.seconds());
    for (int i = 0; i < faults.size() && (i == 0 || history.now() < end); i++) {
      Fault fault = faults.get(i);
      progress.accept("%d of %d: %s".formatted(i + 1, faults.size(), fault.text()));
      String name = fault.kind().wireName();
      history.add(Kind.FAULT, name, name + "-" + (i + 1), i + 1, fault.text());
      fault.strike(fleet);
      history.add(Kind.HEALED, name, name + "-" + (i + 1), i + 1, "");
      long next = begin + TimeUnit.SECONDS.toMillis((long) (i + 1) * plan.every());
      TimeUnit.MILLISECONDS.sleep(Math.max(TimeUnit.SECONDS.toMillis(2), next - history.now()));
    }
    TimeUnit.MILLISECONDS.sleep(Math.max(0, end - history.now()));
  }
}
