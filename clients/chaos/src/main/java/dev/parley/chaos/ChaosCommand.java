package dev.parley.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code scripts/chaos}: breaks a cluster under load and says which promises it kept. */
@Command(
    name = "scripts/chaos",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Starts hubs and a Redis, sends messages, calls and streams between four tenants through all"
          + " of them, does harm on a schedule that the seed makes, and checks what the clients"
          + " saw: nothing accepted lost, no effect twice, order kept, every call answered, no"
          + " budget overspent. Exits 0 when every promise was kept, 1 when one was broken, 2 for"
          + " wrong usage, 3 when the run could not be made.",
      ""
    })
public final class ChaosCommand implements Callable<Integer> {
  private static final int BROKEN = 1;
  private static final int IMPOSSIBLE = 3;

  @Option(
      names = "--nodes",
      paramLabel = "<n>",
      defaultValue = "3",
      description = "hubs (default ${DEFAULT-VALUE})")
  private int nodes;

  @Option(
      names = "--seconds",
      paramLabel = "<n>",
      defaultValue = "120",
      description = "how long harm is done (default ${DEFAULT-VALUE})")
  private int seconds;

  @Option(
      names = "--every",
      paramLabel = "<seconds>",
      defaultValue = "10",
      description =
          "from the beginning of one fault to that of the next, or longer when a fault takes longer"
              + " (default ${DEFAULT-VALUE})")
  private int every;

  @Option(
      names = "--seed",
      paramLabel = "<n>",
      description = "repeats the faults of the run that named it")
  private @Nullable Long seed;

  @Option(
      names = "--faults",
      paramLabel = "<kind>",
      split = ",",
      description =
          "of kill, pause, roll, redis, cut, disk, clock (default all); cut and disk need root,"
              + " clock needs libfaketime: what cannot be done is left out and said")
  private List<String> faults = new ArrayList<>();

  @Option(
      names = "--recover-within",
      paramLabel = "<seconds>",
      defaultValue = "15",
      description =
          "how long after a fault is healed calls may still fail (default ${DEFAULT-VALUE})")
  private int recoverWithin;

  @Option(
      names = "--without",
      paramLabel = "<safeguard>",
      split = ",",
      description =
          "takes a safeguard away, to see that the checker notices: dedupe (agents remember what"
              + " they have handled), fencing (only the newest owner of an agent commits)")
  private List<String> without = new ArrayList<>();

  @Option(
      names = "--history",
      paramLabel = "<file>",
      description = "writes what was seen as JSON Lines; default in the run's directory")
  private @Nullable Path historyFile;

  @Option(
      names = "--directory",
      paramLabel = "<dir>",
      description = "for data and logs, kept; default one that is deleted when all was well")
  private @Nullable Path directory;

  private ChaosCommand() {}

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new ChaosCommand()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Plan plan;
    try {
      plan = plan();
    } catch (IllegalArgumentException e) {
      System.err.println("chaos: " + e.getMessage());
      return CommandLine.ExitCode.USAGE;
    } catch (UnsupportedOperationException e) {
      System.err.println("chaos: " + e.getMessage());
      return IMPOSSIBLE;
    }
    Path place = directory == null ? Files.createTempDirectory("parley-chaos") : directory;
    History history;
    try {
      history = new Run(plan, place, line -> System.err.println("chaos: " + line)).history();
    } catch (Exception e) {
      System.err.println("chaos: the run could not be made: %s; see %s".formatted(e, place));
      return IMPOSSIBLE;
    }
    history.write(historyFile == null ? place.resolve("history.jsonl") : historyFile);
    Verdict verdict = Verdict.of(history.events(), plan);
    System.out.print(verdict.text());
    if (verdict.good() && directory == null) {
      delete(place);
      System.out.printf("seed %d%n", plan.seed());
    } else {
      System.out.printf("seed %d; logs, data and history are in %s%n", plan.seed(), place);
    }
    return verdict.good() ? CommandLine.ExitCode.OK : BROKEN;
  }

  private Plan plan() {
    if (nodes < 1 || seconds < 1 || every < 1 || recoverWithin < 1) {
      throw new IllegalArgumentException(
          "--nodes, --seconds, --every and --recover-within must be at least 1");
    }
    List<Fault.Kind> kinds = new ArrayList<>();
    for (Fault.Kind kind : asked()) {
      String lacking = kind.lacking();
      if (lacking == null) {
        kinds.add(kind);
      } else {
        System.err.printf("chaos: no %s in this run: %s%n", kind.wireName(), lacking);
      }
    }
    if (kinds.isEmpty()) {
      throw new UnsupportedOperationException("this machine allows none of these faults");
    }
    Set<Plan.Safeguard> taken = EnumSet.noneOf(Plan.Safeguard.class);
    without.forEach(name -> taken.add(named(Plan.Safeguard.class, "--without", name)));
    long number = seed == null ? new SecureRandom().nextInt(1_000_000) : seed;
    return new Plan(nodes, seconds, every, recoverWithin, number, kinds, taken);
  }

  private List<Fault.Kind> asked() {
    return faults.isEmpty()
        ? List.of(Fault.Kind.values())
        : faults.stream().map(name -> named(Fault.Kind.class, "--faults", name)).toList();
  }

  private static <E extends Enum<E>> E named(Class<E> type, String option, String name) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(name)) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        "%s knows no %s; there are %s"
            .formatted(
                option,
                name,
                Stream.of(type.getEnumConstants())
                    .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                    .toList()));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
