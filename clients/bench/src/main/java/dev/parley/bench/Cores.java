package dev.parley.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which processor the servers run on and which the load: the first and the second that this process
 * may use. Without a second one, or without {@code taskset}, nothing is pinned.
 */
record Cores(@Nullable Integer servers, @Nullable Integer load) {
  private static final Path TASKSET = Path.of("/usr/bin/taskset");
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String ALLOWED = "Cpus_allowed_list:";

  static Cores find() throws IOException {
    if (!Files.isExecutable(TASKSET) || !Files.isReadable(STATUS)) {
      return new Cores(null, null);
    }
    List<Integer> allowed = new ArrayList<>();
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith(ALLOWED)) {
        for (String range : line.substring(ALLOWED.length()).strip().split(",", -1)) {
          String[] ends = range.split("-", -1);
          for (int cpu = Integer.parseInt(ends[0]);
              cpu <= Integer.parseInt(ends[ends.length - 1]);
              cpu++) {
            allowed.add(cpu);
          }
        }
      }
    }
    return allowed.size() < 2 ? new Cores(null, null) : new Cores(allowed.get(0), allowed.get(1));
  }

  /** The start of a command line that runs on the servers' core. */
  List<String> serverPrefix() {
    return servers == null ? List.of() : List.of(TASKSET.toString(), "-c", servers.toString());
  }

  /** Moves this process to the load's core; threads started later inherit it. */
  void pinThisProcess() throws IOException, InterruptedException {
    if (load != null) {
      new ProcessBuilder(
              TASKSET.toString(),
              "-acp",
              load.toString(),
              Long.toString(ProcessHandle.current().pid()))
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    }
  }

  String text() {
    return servers == null
        ? "servers and load share all cores (one processor, or no taskset)"
        : "servers on core %d, load on core %d".formatted(servers, load);
  }
}
