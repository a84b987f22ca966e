package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client that lost its socket and comes back for what it missed. */
class ResumeTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with("resume-window-ms", "3000");

  private static ObjectNode resume(String key, String connId, long seq) {
    ObjectNode params = Peer.connectParams(key);
    params.putObject("resume").put("connId", connId).put("seq", seq);
    return params;
  }

  private static boolean resumes(Peer peer, ObjectNode params) {
    return peer.hello(params).path("resumed").asBoolean();
  }

  /** Lets a run happen and answers when its last event is out. */
  private static void chat(Peer by, String message, String run) {
    by.succeed(
        "chat.send",
        Json.object().put("sessionKey", "main").put("message", message).put("idempotencyKey", run));
    by.next(
        frame ->
            frame.at("/payload/runId").asText().equals(run)
                && frame.at("/payload/state").asText().equals("final"));
  }

  /** The numbered events up to the final chat event of a run. */
  private static List<JsonNode> eventsUntilFinal(Peer peer, String run) {
    List<JsonNode> events = new ArrayList<>();
    peer.next(
        frame -> {
          if (frame.has("seq")) {
            events.add(frame);
          }
          return frame.at("/payload/runId").asText().equals(run)
              && frame.at("/payload/state").asText().equals("final");
        });
    return events;
  }

  private static void assertGapless(long after, List<JsonNode> events) {
    for (JsonNode event : events) {
      assertEquals(++after, event.path("seq").asLong(), event.toString());
    }
  }

  @Test
  void theEventsOfTheMeantimeFollowWithTheirNumbersAndTheCountGoesOn() {
    Member tenant = HUB.signUp();
    Peer witness = HUB.connect(tenant.key());
    Peer lost = HUB.connect(tenant.key());
    chat(witness, "repeat 3 before", "run-1");
    eventsUntilFinal(lost, "run-1");
    lost.close();
    lost.closed();
    long seen = lost.lastSeq();
    chat(witness, "repeat 3 missed", "run-2");

    try (Peer back = HUB.open()) {
      assertTrue(resumes(back, resume(tenant.key(), lost.connId(), seen)));
      List<JsonNode> missed = eventsUntilFinal(back, "run-2");
      assertTrue(missed.size() > 3, "missed events: " + missed.size());
      assertGapless(seen, missed);
      chat(witness, "repeat 1 after", "run-3");
      List<JsonNode> after = eventsUntilFinal(back, "run-3");
      assertGapless(missed.get(missed.size() - 1).path("seq").asLong(), after);
    }
  }

  @Test
  void whatTheClientHasNotSeenIsSentAgainFromThere() {
    Member tenant = HUB.signUp();
    Peer lost = HUB.connect(tenant.key());
    chat(lost, "repeat 5 word", "run-1");
    long last = lost.lastSeq();
    lost.close();
    try (Peer back = HUB.open()) {
      assertTrue(resumes(back, resume(tenant.key(), lost.connId(), 2)));
      List<JsonNode> again = eventsUntilFinal(back, "run-1");
      assertEquals(3, again.get(0).path("seq").asLong());
      assertGapless(2, again);
      assertTrue(again.get(again.size() - 1).path("seq").asLong() <= last);
    }
  }

  @Test
  void subscriptionsOutliveTheSocket() {
    Member tenant = HUB.signUp();
    Peer witness = HUB.connect(tenant.key());
    Peer lost = HUB.connect(tenant.key());
    lost.succeed("sessions.subscribe", Json.object());
    long seen = lost.lastSeq();
    lost.close();
    try (Peer back = HUB.open()) {
      assertTrue(resumes(back, resume(tenant.key(), lost.connId(), seen)));
      witness.succeed("sessions.create", Json.object().put("key", "another"));
      assertTrue(back.event("sessions.changed").path("sessionKey").asText().contains("another"));
    }
  }

  @Test
  void anotherKeyOfTheSameTenantDoesNotGetThem() {
    Member tenant = HUB.signUp();
    Peer lost = HUB.connect(tenant.key());
    chat(lost, "repeat 1 secret", "run-1");
    lost.close();
    String other = HUB.newKey(tenant, "owner");
    try (Peer thief = HUB.open()) {
      assertFalse(resumes(thief, resume(other, lost.connId(), 0)));
      assertTrue(thief.alive());
      assertEquals(
          0, thief.drain().stream().filter(f -> f.path("event").asText().equals("chat")).count());
    }
    try (Peer back = HUB.open()) {
      assertTrue(
          resumes(back, resume(tenant.key(), lost.connId(), 0)), "the thief has not used it up");
    }
  }

  @Test
  void aSocketOfRoleAgentNeverResumesAPersonsEvents() {
    Member tenant = HUB.signUp();
    HUB.succeed(
        "POST",
        "/v1/agents",
        tenant.key(),
        Json.object().put("name", "worker").put("kind", "remote"));
    Peer lost = HUB.connect(tenant.key());
    chat(lost, "repeat 1 word", "run-1");
    lost.close();
    try (Peer agent = HUB.open()) {
      ObjectNode params =
          resume(tenant.key(), lost.connId(), 0).put("role", "agent").put("agent", "worker");
      assertFalse(resumes(agent, params));
    }
  }

  @Test
  void aSessionIsResumedOnce() {
    Member tenant = HUB.signUp();
    Peer first = HUB.connect(tenant.key());
    first.close();
    try (Peer once = HUB.open();
        Peer twice = HUB.open()) {
      assertTrue(resumes(once, resume(tenant.key(), first.connId(), 0)));
      assertFalse(resumes(twice, resume(tenant.key(), first.connId(), 0)));
    }
  }

  @Test
  void aSocketThatTheHubTakesForAliveGivesUpItsSessionToTheSameKeyOnly() {
    Member tenant = HUB.signUp();
    Peer halfDead = HUB.connect(tenant.key());
    chat(halfDead, "repeat 1 word", "run-1");
    try (Peer other = HUB.open()) {
      assertFalse(resumes(other, resume(HUB.newKey(tenant, "owner"), halfDead.connId(), 0)));
      assertTrue(halfDead.alive());
    }
    try (Peer back = HUB.open()) {
      assertTrue(resumes(back, resume(tenant.key(), halfDead.connId(), 1)));
      assertGapless(1, eventsUntilFinal(back, "run-1"));
      assertEquals(1000, halfDead.closed().code());
      assertTrue(back.alive());
    }
  }

  @Test
  void whenMoreHappenedThanIsKeptTheCountStartsAnew() {
    Member tenant = HUB.signUp();
    Peer witness = HUB.connect(tenant.key());
    Peer lost = HUB.connect(tenant.key());
    long seen = lost.lastSeq();
    lost.close();
    chat(witness, "repeat 600 word", "run-1");
    try (Peer back = HUB.open()) {
      assertFalse(resumes(back, resume(tenant.key(), lost.connId(), seen)));
      chat(witness, "repeat 1 word", "run-2");
      assertGapless(0, eventsUntilFinal(back, "run-2"));
    }
  }

  @Test
  void aNumberThatWasNeverSentIsNotResumed() {
    Member tenant = HUB.signUp();
    Peer lost = HUB.connect(tenant.key());
    lost.close();
    try (Peer back = HUB.open()) {
      assertFalse(resumes(back, resume(tenant.key(), lost.connId(), 1_000_000)));
    }
  }

  @Test
  void afterTheWindowNothingIsKept() {
    Member tenant = HUB.signUp();
    Peer lost = HUB.connect(tenant.key());
    String connId = lost.connId();
    lost.close();
    long closedAt = System.nanoTime();
    await().until(() -> System.nanoTime() - closedAt > 3_500_000_000L);
    try (Peer late = HUB.open()) {
      assertFalse(resumes(late, resume(tenant.key(), connId, 0)));
    }
  }

  @Test
  void aRevokedKeyResumesNothing() {
    Member tenant = HUB.signUp();
    JsonNode made = HUB.newKey(tenant, Json.object().put("role", "member"));
    Peer lost = HUB.connect(made.path("secret").asText());
    lost.close();
    HUB.succeed("DELETE", "/v1/keys/" + made.at("/key/id").asText(), tenant.key(), Json.object());
    try (Peer back = HUB.open()) {
      JsonNode answer = back.ask("connect", resume(made.path("secret").asText(), lost.connId(), 0));
      assertEquals("UNAUTHORIZED", answer.at("/error/code").asText());
    }
  }

  @Test
  void eventsThatComeWhileItComesBackAreNeitherLostNorSentTwice() throws Exception {
    Member tenant = HUB.unmetered(HUB.signUp());
    AtomicBoolean done = new AtomicBoolean();
    Thread traffic =
        new Thread(
            () -> {
              try (Peer busy = HUB.connect(tenant.key())) {
                for (int i = 0; !done.get(); i++) {
                  busy.ask(
                      "chat.send",
                      Json.object()
                          .put("sessionKey", "s" + i % 4)
                          .put("message", "repeat 3 x")
                          .put("idempotencyKey", "t" + i));
                }
              }
            });
    traffic.start();
    try {
      Peer peer = HUB.connect(tenant.key());
      List<Long> seen = new ArrayList<>();
      for (int round = 0; round < 30; round++) {
        peer.event("chat");
        peer.close();
        peer.closed();
        seen.addAll(peer.seqs());
        Peer next = HUB.open();
        assertTrue(
            resumes(next, resume(tenant.key(), peer.connId(), peer.lastSeq())), "round " + round);
        peer = next;
      }
      peer.close();
      peer.closed();
      seen.addAll(peer.seqs());
      for (int i = 0; i < seen.size(); i++) {
        assertEquals(i + 1, seen.get(i));
      }
    } finally {
      done.set(true);
      traffic.join();
    }
  }
}
