package dev.parley.bench;

import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Durable messages through the hub, and what its own Redis takes at best: entries of the same size
 * added to a stream of it, pipelined as deep. Rounds alternate; each gives one ratio.
 */
final class SendBench implements Bench {
  private static final int IN_FLIGHT = 256;
  private static final double RATIO_AIM = 0.7;

  private record Turn(SendLoad.Round hub, SendLoad.Round raw) {}

  @Override
  public String name() {
    return "send";
  }

  @Override
  public List<String> description() {
    return List.of(
        "agent.send of 200 bytes over one WebSocket, 256 in flight, to an agent that",
        "is away, each answered when it is on disk; and XADD of 200 bytes, 256 in",
        "flight, to the same Redis with the same fsync policy, and the ratio.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    plan.progress().say("send: starting the hub");
    HubServer hub = plan.cleanup().add(HubServer.start(plan.cores(), "--plan", "unmetered"));
    String key = hub.signUp("acme");
    hub.post("/v1/agents", key, Json.object().put("name", "away").put("kind", "remote"));
    SendLoad load =
        plan.cleanup()
            .add(new SendLoad(HubSession.connect(hub.port(), key, null).socket(), "acme/away"));
    RawRedis raw = plan.cleanup().add(new RawRedis(hub.redisSocket()));
    Duration round = Duration.ofMillis(plan.count(3_000, 500));
    int warmUps = plan.count(8, 2);
    for (int i = 1; i <= warmUps; i++) {
      plan.progress().say("send: warming up, %d of %d".formatted(i, warmUps));
      load.run(IN_FLIGHT, round);
      raw.run(IN_FLIGHT, round);
    }
    List<Turn> turns = new ArrayList<>();
    for (int i = 1; i <= plan.rounds(); i++) {
      Turn turn = new Turn(load.run(IN_FLIGHT, round), raw.run(IN_FLIGHT, round));
      turns.add(turn);
      plan.progress()
          .say(
              "send round %d of %d: hub %,.0f/s p99 %.1f ms | XADD %,.0f/s"
                  .formatted(
                      i,
                      plan.rounds(),
                      turn.hub.perSecond(),
                      turn.hub.p99Micros() / 1e3,
                      turn.raw.perSecond()));
    }
    report.add(Figure.of("send.per_s", Samples.median(turns, turn -> turn.hub.perSecond()), "1/s"));
    report.add(Figure.of("send.p99_us", Samples.median(turns, turn -> turn.hub.p99Micros()), "us"));
    report.add(
        Figure.of("send.xadd.per_s", Samples.median(turns, turn -> turn.raw.perSecond()), "1/s"));
    double ratio = Samples.median(turns, turn -> turn.hub.perSecond() / turn.raw.perSecond());
    report.add(
        Figure.of("send.ratio_to_xadd", ratio, "ratio").aiming(Figure.Aim.atLeast(RATIO_AIM)));
  }
}
