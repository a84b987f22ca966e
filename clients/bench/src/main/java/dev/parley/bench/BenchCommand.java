package dev.parley.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code scripts/bench}: runs the benches and reports. */
@Command(
    name = "scripts/bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures a hub in a process of its own, on another core than the load where the machine"
          + " has two. Progress goes to standard error, the table to standard output.",
      ""
    })
public final class BenchCommand implements Callable<Integer> {
  private static final List<Bench> ALL =
      List.of(
          new CallBench(),
          new SendBench(),
          new RelayBench(),
          new HeapBench(),
          new ActiveBench(),
          new WakeBench(),
          new SignUpBench(),
          new RedisBench());
  private static final int INTERRUPTED = 130;

  @Option(
      names = "--json",
      paramLabel = "<file>",
      description = "also write name -> {\"value\": …, \"unit\": …} to this file")
  private @Nullable Path json;

  @Option(
      names = "--only",
      paramLabel = "<bench>",
      split = ",",
      description = "run these benches only, for example call,heap")
  private List<String> only = new ArrayList<>();

  @Option(
      names = "--rounds",
      paramLabel = "<n>",
      defaultValue = "5",
      description = "rounds whose median is the figure (default ${DEFAULT-VALUE})")
  private int rounds;

  @Option(
      names = "--quick",
      description = "few and short rounds, to see that everything runs; not to be quoted")
  private boolean quick;

  private BenchCommand() {}

  /** Exits 0 when everything was measured, met or not; 1 when not; 2 for wrong usage. */
  public static void main(String[] arguments) {
    CommandLine command = new CommandLine(new BenchCommand());
    command
        .getCommandSpec()
        .usageMessage()
        .footer(
            ALL.stream()
                .map(
                    bench ->
                        "%n  %-8s %s"
                            .formatted(
                                bench.name(), String.join("%n           ", bench.description())))
                .collect(Collectors.joining("", "%nBenches:", "%n%ndocs/bench.md says more.")));
    System.exit(command.execute(arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Bench> chosen = chosen();
    if (chosen.isEmpty() || rounds < 1) {
      return CommandLine.ExitCode.USAGE;
    }
    Cores cores = Cores.find();
    cores.pinThisProcess();
    Bench.Progress progress = line -> System.err.println("bench: " + line);
    progress.say(cores.text());
    Report report = new Report();
    try (Cleanup cleanup = new Cleanup()) {
      Bench.Plan plan = new Bench.Plan(cores, cleanup, progress, quick ? 1 : rounds, quick);
      for (Bench bench : chosen) {
        if (!run(bench, plan, report)) {
          return cleanup.interrupted() ? INTERRUPTED : CommandLine.ExitCode.SOFTWARE;
        }
      }
    }
    System.out.print(report.table());
    if (json != null) {
      Files.writeString(json, report.json());
    }
    return CommandLine.ExitCode.OK;
  }

  private static boolean run(Bench bench, Bench.Plan plan, Report report)
      throws InterruptedException {
    try {
      bench.run(plan, report);
      plan.cleanup().close();
      return true;
    } catch (IOException | RuntimeException e) {
      if (!plan.cleanup().interrupted()) {
        plan.progress().say("%s failed: %s".formatted(bench.name(), e));
      }
      return false;
    }
  }

  private List<Bench> chosen() {
    List<String> names = ALL.stream().map(Bench::name).toList();
    for (String name : only) {
      if (!names.contains(name)) {
        System.err.println(
            "no bench is called %s; there are %s".formatted(name, String.join(", ", names)));
        return List.of();
      }
    }
    return only.isEmpty()
        ? ALL
        : ALL.stream().filter(bench -> only.contains(bench.name())).toList();
  }
}
