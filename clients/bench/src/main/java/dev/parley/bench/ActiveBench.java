package dev.parley.bench;

import java.io.IOException;
import java.util.List;

/** The heap of a hub with very many active agents. */
final class ActiveBench implements Bench {
  private static final int AGENTS_PER_TENANT = 100;
  private static final double AIM_BYTES = 1.5 * (1L << 30);

  @Override
  public String name() {
    return "active";
  }

  @Override
  public List<String> description() {
    return List.of(
        "Java heap of a hub with 100,000 hosted agents of 1,000 tenants that have",
        "answered and stay active.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    int count = plan.count(100_000, 1_000);
    HubServer hub =
        plan.cleanup()
            .add(
                HubServer.start(
                    plan.cores(),
                    "--plan",
                    "unmetered",
                    "--offline-pacing-ms",
                    "0",
                    "--idle-timeout-ms",
                    "86400000"));
    plan.progress().say("active: defining %,d hosted agents".formatted(count));
    Population agents = Population.define(hub, "tenant", count, AGENTS_PER_TENANT);
    plan.progress().say("active: activating them");
    agents.activate();
    int active = hub.status().path("activeAgents").asInt();
    if (active != count) {
      throw new IllegalStateException("%d of %d agents are active".formatted(active, count));
    }
    report.add(Figure.of("active.agents", active, "agents"));
    report.add(
        Figure.of("active.heap.bytes", (double) hub.process().liveHeapBytes(), "bytes")
            .aiming(Figure.Aim.below(AIM_BYTES)));
  }
}
