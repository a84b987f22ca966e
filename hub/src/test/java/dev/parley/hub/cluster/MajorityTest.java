package dev.parley.hub.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hazelcast.cluster.impl.MemberImpl;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import com.hazelcast.internal.cluster.impl.ClusterServiceImpl;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.store.TcpRedis;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MajorityTest {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void moreThanHalfMayCommitAndOfTwoHalvesTheOneWithTheOldest() {
    Map<String, Long> three = Map.of("a", 1L, "b", 2L, "c", 3L);
    assertTrue(Majority.majority(three, Set.of("b", "c")));
    assertFalse(Majority.majority(three, Set.of("a")));
    Map<String, Long> two = Map.of("a", 1L, "b", 2L);
    assertTrue(Majority.majority(two, Set.of("a")));
    assertFalse(Majority.majority(two, Set.of("b")));
    assertFalse(Majority.majority(Map.of(), Set.of("a")));
  }

  @Test
  void ofEqualAgeOneHalfOnlyMayCommit() {
    Map<String, Long> two = Map.of("a", 1L, "b", 1L);
    assertTrue(Majority.majority(two, Set.of("a")) != Majority.majority(two, Set.of("b")));
  }

  private static HazelcastInstance member(int port) {
    return Hazelcast.getAllHazelcastInstances().stream()
        .filter(member -> member.getCluster().getLocalMember().getAddress().getPort() == port)
        .findFirst()
        .orElseThrow();
  }

  /** Each side takes the other for dead and drops the connection; Hazelcast heals it later. */
  private static void part(int one, int other) {
    HazelcastInstance first = member(one);
    HazelcastInstance second = member(other);
    suspectTheOther(first);
    suspectTheOther(second);
    await()
        .atMost(LONGEST)
        .until(
            () ->
                first.getCluster().getMembers().size() == 1
                    && second.getCluster().getMembers().size() == 1);
  }

  private static void suspectTheOther(HazelcastInstance from) {
    ClusterServiceImpl cluster =
        ((HazelcastInstanceProxy) from).getOriginal().node.getClusterService();
    from.getCluster().getMembers().stream()
        .filter(member -> !member.localMember())
        .forEach(other -> cluster.suspectMember((MemberImpl) other, "the test parts them", true));
  }

  private HubExtension hub(TcpRedis redis, int port, int first) throws IOException {
    Path secret =
        Files.writeString(directory.resolve("secret"), "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6");
    return HubExtension.with(
            "cluster",
            "true",
            "redis",
            "redis://" + redis.address(),
            "cluster-secret-file",
            secret.toString(),
            "cluster-members",
            "127.0.0.1:" + first,
            "cluster-port",
            Integer.toString(port),
            "data",
            directory.resolve("data").toString())
        .start();
  }

  private static ObjectNode message(String key) {
    return Json.object()
        .put("sessionKey", "main")
        .put("message", "repeat 2 x")
        .put("idempotencyKey", key);
  }

  /**
   * Whether a chat is refused for lack of a majority, either at once or by the run; before that,
   * places may be unknown for a moment.
   */
  private static boolean refusedForLackOfMajority(Peer peer, String key) {
    JsonNode answer = peer.ask("chat.send", message(key));
    JsonNode end =
        answer.path("ok").asBoolean()
            ? peer.next(frame -> !frame.at("/payload/state").asText("").isEmpty())
            : answer;
    return end.toString().contains("not the majority");
  }

  @Test
  void theSmallerSideRefusesToCommitKeepsItsSocketsAndRecoversByItself() throws Exception {
    int oldPort = TcpRedis.freePort();
    int youngPort = TcpRedis.freePort();
    try (TcpRedis redis = TcpRedis.start(directory);
        HubExtension old = hub(redis, oldPort, oldPort);
        HubExtension young = hub(redis, youngPort, oldPort)) {
      Member owner = old.unmetered(old.signUp());
      old.defineRemote(owner, "worker");
      try (Peer onOld = old.connect(owner.key());
          Peer onYoung = young.connect(owner.key());
          Peer worker = young.connectAgent(owner.key(), "worker")) {
        AtomicInteger attempts = new AtomicInteger();
        await()
            .atMost(LONGEST)
            .ignoreException(NoSuchElementException.class)
            .until(
                () -> {
                  part(oldPort, youngPort);
                  return refusedForLackOfMajority(onYoung, "refused-" + attempts.incrementAndGet())
                      && young.get("/readyz", "").status() == 503;
                });
        assertEquals(200, old.get("/readyz", "").status());
        await().atMost(LONGEST).until(() -> young.get("/readyz", "").status() == 200);
        await()
            .atMost(LONGEST)
            .until(
                () ->
                    member(youngPort).getCluster().getMembers().size() == 2
                        && onOld
                            .ask(
                                "agent.call",
                                Json.object()
                                    .put("to", owner.agent("worker"))
                                    .put("payload", "ping")
                                    .put("timeoutMs", 300))
                            .at("/error/code")
                            .asText()
                            .equals("DEADLINE_EXCEEDED"));
        assertTrue(onYoung.alive());
        assertEquals("ping", worker.delivery().at("/params/payload").asText());
        String agent = owner.agent("main");
        for (Peer from : new Peer[] {onOld, onYoung}) {
          await()
              .atMost(LONGEST)
              .until(
                  () ->
                      from.ask(
                              "agent.call",
                              Json.object().put("to", agent).put("payload", "repeat 2 x"))
                          .at("/payload/payload/text")
                          .asText(),
                  "x x"::equals);
        }
      }
    }
  }
}
