package dev.parley.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What an active hosted agent and an idle connection cost in heap: the difference in live bytes
 * before and after many of them, after everything that is loaded once has been.
 */
final class HeapBench implements Bench {
  private static final int AGENTS_PER_TENANT = 10;
  private static final int CONNECTIONS_PER_TENANT = 5;
  private static final int READINGS = 3;
  private static final int SPARE_FILES = 1_000;
  private static final Path LIMITS = Path.of("/proc/self/limits");

  @Override
  public String name() {
    return "heap";
  }

  @Override
  public List<String> description() {
    return List.of(
        "Java heap of the hub for one more hosted agent that has answered and",
        "waits for its next message, and for one more idle operator connection.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    agents(plan, report);
    plan.cleanup().close();
    connections(plan, report);
  }

  private static void agents(Plan plan, Report report) throws IOException, InterruptedException {
    int count = plan.count(2_000, 200);
    HubServer hub = plan.cleanup().add(HubServer.start(plan.cores(), "--offline-pacing-ms", "0"));
    plan.progress().say("heap: defining %,d hosted agents".formatted(count));
    Population first = Population.define(hub, "warm", count / 5, AGENTS_PER_TENANT);
    Population agents = Population.define(hub, "tenant", count, AGENTS_PER_TENANT);
    first.activate();
    long before = liveBytes(hub);
    plan.progress().say("heap: activating them, %,d bytes in use before".formatted(before));
    agents.activate();
    long after = liveBytes(hub);
    require(hub, "activeAgents", first.size() + count);
    plan.progress().say("heap: %,d bytes in use with %,d active agents".formatted(after, count));
    report.add(
        Figure.of("heap.active_agent.bytes", (after - before) / (double) count, "bytes")
            .aiming(Figure.Aim.below(3_072)));
  }

  private static void connections(Plan plan, Report report)
      throws IOException, InterruptedException {
    int count = Math.min(plan.count(5_000, 500), openFiles() - SPARE_FILES);
    HubServer hub = plan.cleanup().add(HubServer.start(plan.cores()));
    plan.progress().say("heap: signing up tenants for %,d connections".formatted(count));
    List<String> keys = new ArrayList<>();
    int warm = count / 10;
    for (int i = 0; i * CONNECTIONS_PER_TENANT < count + warm; i++) {
      keys.add(hub.signUp("tenant-" + i));
    }
    open(plan, hub, keys, 0, warm);
    long before = liveBytes(hub);
    plan.progress().say("heap: connecting, %,d bytes in use before".formatted(before));
    open(plan, hub, keys, warm, warm + count);
    long after = liveBytes(hub);
    require(hub, "connections", warm + count);
    plan.progress().say("heap: %,d bytes in use with %,d connections".formatted(after, count));
    report.add(
        Figure.of("heap.idle_connection.bytes", (after - before) / (double) count, "bytes")
            .aiming(Figure.Aim.below(16_384)));
  }

  private static void open(Plan plan, HubServer hub, List<String> keys, int from, int to)
      throws IOException {
    for (int i = from; i < to; i++) {
      String key = keys.get(i / CONNECTIONS_PER_TENANT);
      plan.cleanup().add(HubSession.connect(hub.port(), key, null));
    }
  }

  /** The least of a few readings: work that is not done yet only ever adds. */
  private static long liveBytes(HubServer hub) throws IOException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < READINGS; i++) {
      least = Math.min(least, hub.process().liveHeapBytes());
    }
    return least;
  }

  private static void require(HubServer hub, String what, int expected)
      throws IOException, InterruptedException {
    int actual = hub.status().path(what).asInt();
    if (actual != expected) {
      throw new IllegalStateException(
          "the hub has %d %s, not the %d that were made".formatted(actual, what, expected));
    }
  }

  /** How many files this process may open; the hub inherits the limit. */
  private static int openFiles() throws IOException {
    if (Files.isReadable(LIMITS)) {
      for (String line : Files.readAllLines(LIMITS)) {
        if (line.startsWith("Max open files")) {
          String hard = line.strip().split("\\s+", -1)[4];
          return hard.equals("unlimited") ? Integer.MAX_VALUE : Integer.parseInt(hard);
        }
      }
    }
    return 4_096;
  }
}
