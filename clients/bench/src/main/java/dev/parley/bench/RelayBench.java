package dev.parley.bench;

import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls from an agent on one node of a cluster to one on another, and through two nodes of a bare
 * clustered event bus, in turns.
 */
final class RelayBench implements Bench {
  private static final int IN_FLIGHT = 64;
  private static final double RATIO_AIM = 0.8;

  private record Turn(CallLoad.Round hub, CallLoad.Round bare) {}

  @Override
  public String name() {
    return "relay";
  }

  @Override
  public List<String> description() {
    return List.of(
        "agent.call of 200 bytes, 64 in flight, between sockets on two nodes of a",
        "cluster; and the same through a request and a reply on the event bus of two",
        "bare clustered Vert.x nodes, and the ratio. Needs a redis-server on PATH.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    CallLoad hub = hubs(plan);
    CallLoad bare = relays(plan);
    Duration round = Duration.ofMillis(plan.count(3_000, 500));
    int warmUps = plan.count(12, 2);
    for (int i = 1; i <= warmUps; i++) {
      plan.progress().say("relay: warming up, %d of %d".formatted(i, warmUps));
      hub.run(IN_FLIGHT, round);
      bare.run(IN_FLIGHT, round);
    }
    List<Turn> turns = new ArrayList<>();
    for (int i = 1; i <= plan.rounds(); i++) {
      Turn turn = new Turn(hub.run(IN_FLIGHT, round), bare.run(IN_FLIGHT, round));
      turns.add(turn);
      plan.progress()
          .say(
              "relay round %d of %d: hub %,.0f/s p99 %.1f ms | bare %,.0f/s p99 %.1f ms"
                  .formatted(
                      i,
                      plan.rounds(),
                      turn.hub.perSecond(),
                      turn.hub.p99Micros() / 1e3,
                      turn.bare.perSecond(),
                      turn.bare.p99Micros() / 1e3));
    }
    report.add(
        Figure.of("relay.per_s", Samples.median(turns, turn -> turn.hub.perSecond()), "1/s"));
    report.add(
        Figure.of("relay.p99_us", Samples.median(turns, turn -> turn.hub.p99Micros()), "us"));
    report.add(
        Figure.of("relay.bare.per_s", Samples.median(turns, turn -> turn.bare.perSecond()), "1/s"));
    double ratio = Samples.median(turns, turn -> turn.hub.perSecond() / turn.bare.perSecond());
    report.add(
        Figure.of("relay.ratio_to_bare", ratio, "ratio").aiming(Figure.Aim.atLeast(RATIO_AIM)));
  }

  private static CallLoad hubs(Plan plan) throws IOException, InterruptedException {
    plan.progress().say("relay: starting Redis and two hubs");
    PlainRedis redis = plan.cleanup().add(PlainRedis.start(plan.cores(), freePort()));
    Path secret = Files.createTempFile("parley-bench", ".secret");
    plan.cleanup().add(() -> Files.deleteIfExists(secret));
    Files.writeString(secret, "0123456789abcdef0123456789abcdef\n");
    int first = freePort();
    HubServer here = plan.cleanup().add(node(plan, redis, secret, first, first));
    HubServer there = plan.cleanup().add(node(plan, redis, secret, freePort(), first));
    String acme = here.signUp("acme");
    String globex = here.signUp("globex");
    here.post("/v1/agents", acme, Json.object().put("name", "asker").put("kind", "remote"));
    here.post("/v1/agents", globex, Json.object().put("name", "echo").put("kind", "remote"));
    here.agree("acme", acme, CallLoad.CALLEE, globex, 100_000_000);
    return plan.cleanup()
        .add(
            new CallLoad(
                here.process(),
                HubSession.connect(here.port(), acme, "asker").socket(),
                HubSession.connect(there.port(), globex, "echo").socket()));
  }

  private static HubServer node(Plan plan, PlainRedis redis, Path secret, int port, int member)
      throws IOException {
    return HubServer.start(
        plan.cores(),
        "--plan",
        "unmetered",
        "--redis",
        redis.url(),
        "--cluster",
        "true",
        "--cluster-secret-file",
        secret.toString(),
        "--cluster-port",
        Integer.toString(port),
        "--cluster-members",
        "127.0.0.1:" + member);
  }

  private static CallLoad relays(Plan plan) throws IOException {
    plan.progress().say("relay: starting two bare nodes");
    int first = freePort();
    ServerProcess here = bare(plan, first, 0);
    ServerProcess there = bare(plan, freePort(), first);
    WireSocket callee = WireSocket.open(there.port(), "/" + CallLoad.CALLEE);
    return plan.cleanup()
        .add(new CallLoad(here, WireSocket.open(here.port(), "/acme/asker"), callee));
  }

  private static ServerProcess bare(Plan plan, int port, int member) throws IOException {
    return plan.cleanup()
        .add(
            ServerProcess.start(
                plan.cores(),
                ClusteredRelay.class,
                List.of(Integer.toString(port), Integer.toString(member))));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
