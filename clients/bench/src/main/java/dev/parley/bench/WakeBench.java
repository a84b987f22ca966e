package dev.parley.bench;

import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** How long the first message to a hosted agent takes that is not in memory. */
final class WakeBench implements Bench {
  private static final double P99_AIM_MS = 20;

  @Override
  public String name() {
    return "wake";
  }

  @Override
  public List<String> description() {
    return List.of(
        "From an agent.call over WebSocket to its answer, for hosted agents that",
        "have never been active: activation, session and the offline model's answer,",
        "one after the other.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    HubServer hub =
        plan.cleanup()
            .add(HubServer.start(plan.cores(), "--plan", "unmetered", "--offline-pacing-ms", "0"));
    int perRound = plan.count(500, 50);
    String key = hub.signUp("acme");
    plan.progress().say("wake: warming up with %,d agents".formatted(2 * perRound));
    try (HubSession session = HubSession.connect(hub.port(), key, null)) {
      measure(hub, session, key, "warm", 2 * perRound);
      List<Samples> rounds = new ArrayList<>();
      for (int i = 1; i <= plan.rounds(); i++) {
        Samples round = measure(hub, session, key, "r" + i, perRound);
        rounds.add(round);
        plan.progress()
            .say(
                "wake round %d of %d: p50 %.1f ms, p99 %.1f ms"
                    .formatted(i, plan.rounds(), millis(round, 50), millis(round, 99)));
      }
      report.add(Figure.of("wake.p50_ms", Samples.median(rounds, r -> millis(r, 50)), "ms"));
      report.add(
          Figure.of("wake.p99_ms", Samples.median(rounds, r -> millis(r, 99)), "ms")
              .aiming(Figure.Aim.below(P99_AIM_MS)));
    }
  }

  private static Samples measure(
      HubServer hub, HubSession session, String key, String prefix, int count)
      throws IOException, InterruptedException {
    for (int i = 0; i < count; i++) {
      hub.post("/v1/agents", key, Json.object().put("name", prefix + "-" + i));
    }
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      var call = Json.object().put("to", "acme/" + prefix + "-" + i);
      call.putObject("payload").put("text", "hello");
      long begin = System.nanoTime();
      session.request("agent.call", call);
      samples.add(System.nanoTime() - begin);
    }
    return samples;
  }

  private static double millis(Samples round, double percent) {
    return round.percentile(percent) / 1e6;
  }
}
