package dev.parley.bench;

import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls between two tenants through the hub with everything on, and through a bare relay, in turns:
 * each round measures both, so that what disturbs the machine disturbs both, and gives one ratio.
 */
final class CallBench implements Bench {
  private static final int[] CONCURRENCY = {1, 64};
  private static final long CALLS_PER_MINUTE = 100_000_000;
  private static final double RATIO_AIM = 0.8;

  /** The hub, the bare relay, and the relay that gathers its writes as the hub does. */
  private record Turn(CallLoad.Round hub, CallLoad.Round ceiling, CallLoad.Round gathering) {}

  @Override
  public String name() {
    return "call";
  }

  @Override
  public List<String> description() {
    return List.of(
        "Calls of 200 bytes from an agent of one tenant to an agent of another,",
        "both on WebSockets, 1 and 64 in flight, policy, limits and ledger on;",
        "and the same through a bare relay: the ceiling and the ratio to it; and",
        "through a relay that gathers its writes, as the hub does.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    List<CallLoad> servers = List.of(hub(plan), relay(plan), relay(plan, RelayServer.GATHER));
    Duration round = Duration.ofMillis(plan.count(3_000, 500));
    warmUp(plan, servers);
    List<List<Turn>> measured = new ArrayList<>();
    for (int concurrency : CONCURRENCY) {
      List<Turn> turns = new ArrayList<>();
      for (int i = 1; i <= plan.rounds(); i++) {
        Turn turn = turn(servers, i, concurrency, round);
        turns.add(turn);
        plan.progress()
            .say(
                "call c%d round %d of %d: hub %s | ceiling %s | gathering %,.0f/s"
                    .formatted(
                        concurrency,
                        i,
                        plan.rounds(),
                        text(turn.hub),
                        text(turn.ceiling),
                        turn.gathering.perSecond()));
      }
      measured.add(turns);
    }
    for (int i = 0; i < CONCURRENCY.length; i++) {
      add(report, "c" + CONCURRENCY[i], measured.get(i));
    }
  }

  /** Measures each server once, beginning with another one each time. */
  private static Turn turn(List<CallLoad> servers, int first, int concurrency, Duration round)
      throws IOException {
    CallLoad.Round[] rounds = new CallLoad.Round[servers.size()];
    for (int i = 0; i < rounds.length; i++) {
      int next = (first + i) % rounds.length;
      rounds[next] = servers.get(next).run(concurrency, round);
    }
    return new Turn(rounds[0], rounds[1], rounds[2]);
  }

  private static void add(Report report, String level, List<Turn> turns) {
    addRounds(report, "call." + level, turns.stream().map(Turn::hub).toList());
    double ratio = Samples.median(turns, turn -> turn.hub.perSecond() / turn.ceiling.perSecond());
    report.add(
        Figure.of("call." + level + ".ratio_to_ceiling", ratio, "ratio")
            .aiming(Figure.Aim.atLeast(RATIO_AIM)));
    double toGathering =
        Samples.median(turns, turn -> turn.hub.perSecond() / turn.gathering.perSecond());
    report.add(Figure.of("call." + level + ".ratio_to_gathering_ceiling", toGathering, "ratio"));
    addRounds(report, "ceiling." + level, turns.stream().map(Turn::ceiling).toList());
    addRounds(report, "gathering_ceiling." + level, turns.stream().map(Turn::gathering).toList());
  }

  private static void addRounds(Report report, String name, List<CallLoad.Round> rounds) {
    report.add(
        Figure.of(name + ".per_s", Samples.median(rounds, CallLoad.Round::perSecond), "1/s"));
    report.add(
        Figure.of(name + ".p50_us", Samples.median(rounds, CallLoad.Round::p50Micros), "us"));
    report.add(
        Figure.of(name + ".p99_us", Samples.median(rounds, CallLoad.Round::p99Micros), "us"));
    report.add(
        Figure.of(name + ".cpu_us", Samples.median(rounds, CallLoad.Round::cpuMicros), "us"));
    report.add(
        Figure.of(
            name + ".load_busy",
            100 * Samples.median(rounds, CallLoad.Round::loadBusy),
            "percent"));
  }

  private static String text(CallLoad.Round round) {
    return "%,.0f/s p50 %.0f us p99 %.0f us, %.1f us cpu a call, load %.0f%% busy"
        .formatted(
            round.perSecond(),
            round.p50Micros(),
            round.p99Micros(),
            round.cpuMicros(),
            100 * round.loadBusy());
  }

  private static void warmUp(Plan plan, List<CallLoad> servers) throws IOException {
    Duration slice = Duration.ofMillis(plan.count(2_000, 500));
    int slices = plan.count(12, 2);
    for (int i = 1; i <= slices; i++) {
      plan.progress().say("call: warming up, %d of %d".formatted(i, slices));
      for (int concurrency : CONCURRENCY) {
        for (CallLoad server : servers) {
          server.run(concurrency, slice);
        }
      }
    }
  }

  /** Two tenants, a channel with a rate of its own, and a socket of role agent for each. */
  private static CallLoad hub(Plan plan) throws IOException, InterruptedException {
    plan.progress().say("call: starting the hub");
    HubServer hub = plan.cleanup().add(HubServer.start(plan.cores(), "--plan", "unmetered"));
    String acme = hub.signUp("acme");
    String globex = hub.signUp("globex");
    hub.post("/v1/agents", acme, Json.object().put("name", "asker").put("kind", "remote"));
    hub.post("/v1/agents", globex, Json.object().put("name", "echo").put("kind", "remote"));
    hub.agree("acme", acme, CallLoad.CALLEE, globex, CALLS_PER_MINUTE);
    return plan.cleanup()
        .add(
            new CallLoad(
                hub.process(),
                HubSession.connect(hub.port(), acme, "asker").socket(),
                HubSession.connect(hub.port(), globex, "echo").socket()));
  }

  private static CallLoad relay(Plan plan, String... arguments) throws IOException {
    plan.progress().say("call: starting a relay");
    ServerProcess relay =
        plan.cleanup()
            .add(ServerProcess.start(plan.cores(), RelayServer.class, List.of(arguments)));
    return plan.cleanup()
        .add(
            new CallLoad(
                relay,
                WireSocket.open(relay.port(), "/acme/asker"),
                WireSocket.open(relay.port(), "/" + CallLoad.CALLEE)));
  }
}
