package dev.parley.hub.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.NodeProcess;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schedules in a cluster: one node in this JVM, others in JVMs of their own. */
class ScheduleClusterTest {
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final int TENANTS = 4;
  private static final int TICKS = 12;

  @TempDir static Path directory;

  private static TestCluster cluster;
  private static HubExtension first;
  private static NodeProcess second;

  @BeforeAll
  static void startNodes() throws IOException {
    cluster = TestCluster.start(directory, "schedule-min-period-ms", "1000");
    first = cluster.first();
    second = cluster.node("second");
    second.port();
  }

  @AfterAll
  static void stopNodes() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void eachTickFiresOnceHoweverManyNodesLookAndNoneIsLostWhenOneIsKilled() {
    Map<Peer, String> workers = new HashMap<>();
    for (int i = 0; i < TENANTS; i++) {
      Member owner = first.unmetered(first.signUp());
      first.defineRemote(owner, "worker");
      String id =
          first
              .succeed(
                  "POST",
                  "/v1/schedules",
                  owner.key(),
                  Json.object()
                      .put("agent", "worker")
                      .put("cron", "* * * * * *")
                      .put("missed", "all"))
              .path("id")
              .asText();
      workers.put(first.connectAgent(owner.key(), "worker"), id);
    }
    Map<Peer, Set<Long>> ticks = new HashMap<>();
    Map<Peer, Integer> count = new HashMap<>();
    workers.keySet().forEach(worker -> ticks.put(worker, new HashSet<>()));
    await()
        .atMost(LONGEST)
        .until(
            () -> {
              workers.keySet().forEach(worker -> take(worker, ticks, count));
              return ticks.values().stream().allMatch(seen -> seen.size() >= TICKS / 2)
                  && firedBy(second.port()) > 0
                  && firedBy(first.port()) > 0;
            });
    workers
        .keySet()
        .forEach(
            worker ->
                assertEquals(
                    ticks.get(worker).size(), count.get(worker), "a tick fired more than once"));
    second.kill();
    await()
        .atMost(LONGEST)
        .until(
            () -> {
              workers.keySet().forEach(worker -> take(worker, ticks, count));
              return ticks.values().stream()
                  .allMatch(seen -> isWhole(seen) && seen.size() >= TICKS);
            });
    workers.keySet().forEach(Peer::close);
  }

  /** How many messages of schedules the node on this port says it has sent. */
  private static double firedBy(int port) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                .header("Authorization", "Bearer " + first.adminKey())
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith("parley_schedules_fired_total "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }

  private static void take(Peer worker, Map<Peer, Set<Long>> ticks, Map<Peer, Integer> count) {
    for (JsonNode frame : worker.drain()) {
      if (frame.path("method").asText().equals("agent.deliver")) {
        String id = frame.at("/params/id").asText();
        ticks.get(worker).add(Long.parseLong(id.substring(id.lastIndexOf('-') + 1)));
        count.merge(worker, 1, Integer::sum);
        worker.raw(
            "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
                .formatted(frame.path("id").asText()));
      }
    }
  }

  /** Whether no tick is missing between the first and the last. */
  private static boolean isWhole(Set<Long> ticks) {
    long first = ticks.stream().mapToLong(Long::longValue).min().orElse(0);
    long last = ticks.stream().mapToLong(Long::longValue).max().orElse(0);
    return ticks.size() == (last - first) / 1_000 + 1;
  }
}
