package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** How long a new user waits: from sending the sign-up to the first word of the first reply. */
final class SignUpBench implements Bench {
  private static final double P99_AIM_MS = 50;

  @Override
  public String name() {
    return "signup";
  }

  @Override
  public List<String> description() {
    return List.of(
        "From sending the sign-up to the first streamed word of the offline model:",
        "POST signup, WebSocket, connect, chat.send, first delta; a new tenant",
        "each time, one after the other, on a hub with default settings.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    HubServer hub = plan.cleanup().add(HubServer.start(plan.cores()));
    int perRound = plan.count(300, 50);
    plan.progress().say("signup: warming up with %,d tenants".formatted(2 * perRound));
    measure(hub, "warm", 2 * perRound);
    List<Samples> rounds = new ArrayList<>();
    for (int i = 1; i <= plan.rounds(); i++) {
      Samples round = measure(hub, "round-" + i, perRound);
      rounds.add(round);
      plan.progress()
          .say(
              "signup round %d of %d: p50 %.1f ms, p99 %.1f ms"
                  .formatted(i, plan.rounds(), millis(round, 50), millis(round, 99)));
    }
    report.add(
        Figure.of("signup.first_token.p50_ms", Samples.median(rounds, r -> millis(r, 50)), "ms"));
    report.add(
        Figure.of("signup.first_token.p99_ms", Samples.median(rounds, r -> millis(r, 99)), "ms")
            .aiming(Figure.Aim.below(P99_AIM_MS)));
  }

  private static Samples measure(HubServer hub, String prefix, int count)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      long begin = System.nanoTime();
      String key = hub.signUp(prefix + "-" + i);
      try (HubSession session = HubSession.connect(hub.port(), key, null)) {
        session.request(
            "chat.send",
            Json.object()
                .put("sessionKey", "main")
                .put("message", "hello")
                .put("idempotencyKey", "run-1"));
        session.next(SignUpBench::isDelta);
        samples.add(System.nanoTime() - begin);
      }
    }
    return samples;
  }

  private static boolean isDelta(JsonNode frame) {
    JsonNode payload = frame.path("payload");
    if (payload.path("state").asText().equals("error")) {
      throw new IllegalStateException("the run failed: " + payload);
    }
    return frame.path("event").asText().equals("chat")
        && payload.path("state").asText().equals("delta");
  }

  private static double millis(Samples round, double percent) {
    return round.percentile(percent) / 1e6;
  }
}
