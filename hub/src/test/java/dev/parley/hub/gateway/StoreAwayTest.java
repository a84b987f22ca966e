package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.store.Signals;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Redis hangs, or dies, under a hub with clients. */
class StoreAwayTest {
  private static final Duration RECOVERY = Duration.ofSeconds(15);

  @RegisterExtension
  static final HubExtension HUB = HubExtension.with("redis-timeout-ms", "500", "fsync", "always");

  private Member tenant;
  private Peer person;
  private Peer agent;
  private ProcessHandle paused;

  @BeforeEach
  void connect() {
    tenant = HUB.signUp();
    HUB.succeed(
        "POST",
        "/v1/agents",
        tenant.key(),
        Json.object().put("name", "echo").put("kind", "remote"));
    agent = HUB.connectAgent(tenant.key(), "echo");
    person = HUB.connect(tenant.key());
  }

  @AfterEach
  void recover() {
    if (paused != null) {
      Signals.resume(paused);
    }
    awaitReady();
    person.close();
    agent.close();
  }

  private void pause() {
    paused = Signals.server(HUB.data());
    Signals.pause(paused);
  }

  private void resume() {
    Signals.resume(paused);
    paused = null;
  }

  private static void awaitReady() {
    await()
        .atMost(RECOVERY)
        .untilAsserted(() -> assertEquals(200, HUB.get("/health/ready", "").status()));
  }

  private static void assertUnavailable(JsonNode answer) {
    assertEquals("UNAVAILABLE", answer.at("/error/code").asText(), answer.toString());
    assertTrue(answer.at("/error/retryable").asBoolean(), answer.toString());
    assertTrue(answer.at("/error/retryAfterMs").asLong() > 0, answer.toString());
  }

  private static void assertUnavailable(Answer answer) {
    assertEquals(503, answer.status(), answer.text());
    assertEquals("unavailable", answer.errorCode());
    assertTrue(Integer.parseInt(answer.headers().get("retry-after")) > 0);
    assertTrue(answer.body().at("/error/retryAfterMs").asLong() > 0, answer.text());
  }

  @Test
  void whileRedisHangsEverythingIsAnsweredAndAfterwardsEverythingWorks() {
    pause();
    assertEquals(200, HUB.get("/health/live", "").status());
    Answer ready = HUB.get("/health/ready", "");
    assertEquals(503, ready.status());
    assertFalse(ready.body().path("ready").asBoolean(true));
    assertFalse(person.succeed("health", Json.object()).path("ok").asBoolean(true));

    assertUnavailable(HUB.get("/v1/agents", tenant.key()));
    assertUnavailable(
        HUB.rest("POST", "/v1/signup", "", Json.object().put("tenant", "in-an-outage")));
    assertUnavailable(person.ask("agents.list", Json.object()));
    assertUnavailable(person.ask("keys.create", Json.object().put("role", "viewer")));
    try (Peer late = HUB.open()) {
      assertUnavailable(late.ask("connect", Peer.connectParams(tenant.key())));
      assertEquals(1013, late.closed().code());
    }
    assertTrue(person.isOpen() && agent.isOpen(), "live sockets stay");

    resume();
    awaitReady();
    assertEquals(2, person.succeed("agents.list", Json.object()).path("agents").size(), "agents");
    try (Peer late = HUB.connect(tenant.key())) {
      assertTrue(late.alive());
    }
  }

  @Test
  void aCallDuringAnOutageIsServedFromWhatIsLeasedOrRefusedAndNeverHangs() {
    call();
    pause();
    for (int i = 0; i < 20; i++) {
      String id = person.send("agent.call", params().put("timeoutMs", 3_000));
      JsonNode answer = person.answer(id);
      String code = answer.at("/error/code").asText();
      assertTrue(Set.of("UNAVAILABLE", "DEADLINE_EXCEEDED").contains(code), answer.toString());
      if (code.equals("UNAVAILABLE")) {
        assertUnavailable(answer);
      }
    }
    resume();
    awaitReady();
    call();
  }

  @Test
  void aRevocationThatCouldNotBeWrittenIsToldAndCanBeDoneAgain() {
    JsonNode made = HUB.newKey(tenant, Json.object().put("role", "member"));
    String path = "/v1/keys/" + made.at("/key/id").asText();
    pause();
    assertUnavailable(HUB.rest("DELETE", path, tenant.key(), Json.object()));
    resume();
    awaitReady();
    HUB.succeed("DELETE", path, tenant.key(), Json.object());
    assertEquals(401, HUB.get("/v1/usage", made.path("secret").asText()).status());
  }

  @Test
  void aRevocationBehindTheHubsBackTakesEffectWhenTheAnnouncementsComeBack() {
    JsonNode made = HUB.newKey(tenant, Json.object().put("role", "member"));
    Peer member = HUB.connect(made.path("secret").asText());
    Signals.kill(Signals.server(HUB.data()));
    awaitReady();
    assertTrue(member.alive(), "its key is still good");
    HUB.succeed("DELETE", "/v1/keys/" + made.at("/key/id").asText(), tenant.key(), Json.object());
    assertEquals(1008, member.closed().code());
  }

  @Test
  void whatWasAnsweredIsThereAfterRedisWasKilledAgainAndAgain() throws Exception {
    Member busy = HUB.unmetered(HUB.signUp());
    List<String> answered = new ArrayList<>();
    AtomicBoolean done = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              for (int i = 0; !done.get(); i++) {
                Answer answer =
                    HUB.rest(
                        "POST", "/v1/agents", busy.key(), Json.object().put("name", "agent-" + i));
                if (answer.status() == 200) {
                  answered.add("agent-" + i);
                } else {
                  assertUnavailable(answer);
                }
              }
            });
    writer.start();
    for (int kills = 0; kills < 3; kills++) {
      int before = answered.size();
      await().atMost(RECOVERY).until(() -> answered.size() > before + 20);
      Signals.kill(Signals.server(HUB.data()));
    }
    int before = answered.size();
    await().atMost(RECOVERY).until(() -> answered.size() > before + 5);
    done.set(true);
    writer.join();
    Set<String> there =
        Set.copyOf(HUB.get("/v1/agents", busy.key()).body().path("agents").findValuesAsText("id"));
    assertTrue(
        there.containsAll(answered),
        "lost of " + answered.size() + ": " + missing(there, answered));
    assertTrue(person.alive() && agent.isOpen(), "the sockets lived through all of it");
  }

  private static List<String> missing(Set<String> there, List<String> answered) {
    return answered.stream().filter(id -> !there.contains(id)).toList();
  }

  @Test
  void mailThatWasAcceptedOutlivesARedisThatIsKilledInMidSendAndIsHandledOnceInOrder() {
    HUB.unmetered(tenant);
    int messages = 120;
    for (int i = 0; i < messages; i++) {
      person.send("agent.send", mail(i));
      if (i == messages / 2) {
        Signals.kill(Signals.server(HUB.data()));
      }
    }
    int refused = 0;
    for (int i = 0; i < messages; i++) {
      JsonNode answer = person.answer();
      if (!answer.path("ok").asBoolean()) {
        assertUnavailable(answer);
        refused++;
      }
    }
    awaitReady();
    for (int i = 0; i < messages; i++) {
      person.succeed("agent.send", mail(i));
    }
    assertTrue(refused > 0, "Redis was killed when all was over");
    List<Integer> handled = new ArrayList<>();
    while (handled.size() < messages) {
      JsonNode delivery = agent.delivery();
      handled.add(delivery.at("/params/payload").asInt());
      agent.raw(
          "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
              .formatted(delivery.path("id").asText()));
    }
    assertEquals(messages, Set.copyOf(handled).size(), "some came twice: " + handled);
    await()
        .atMost(RECOVERY)
        .untilAsserted(
            () -> {
              for (int i = 0; i < messages; i++) {
                JsonNode record = HUB.get("/v1/messages/k" + i, tenant.key()).body();
                assertEquals("handled", record.path("status").asText(), record.toString());
              }
            });
  }

  private ObjectNode mail(int number) {
    return Json.object()
        .put("to", tenant.agent("echo"))
        .put("messageId", "k" + number)
        .put("payload", number);
  }

  @Test
  void aConversationGoesOnAfterRedisWasKilled() {
    person.succeed("chat.send", chat("repeat 2 before", "run-1"));
    awaitFinal("run-1");
    Signals.kill(Signals.server(HUB.data()));
    awaitReady();
    person.succeed("chat.send", chat("repeat 2 after", "run-2"));
    awaitFinal("run-2");
    JsonNode history = person.succeed("chat.history", Json.object().put("sessionKey", "main"));
    assertEquals(4, history.path("messages").size(), history.toString());
    assertEquals(
        "ok",
        person.succeed("chat.send", chat("repeat 2 before", "run-1")).path("status").asText());
  }

  private void awaitFinal(String run) {
    person.next(
        f ->
            f.at("/payload/runId").asText().equals(run)
                && f.at("/payload/state").asText().equals("final"));
  }

  private static ObjectNode chat(String message, String run) {
    return Json.object()
        .put("sessionKey", "main")
        .put("message", message)
        .put("idempotencyKey", run);
  }

  private ObjectNode params() {
    return Json.object().put("to", tenant.agent("echo")).put("payload", 1);
  }

  private void call() {
    String id = person.send("agent.call", params());
    agent.raw(
        "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":1}"
            .formatted(agent.delivery().path("id").asText()));
    assertTrue(person.answer(id).path("ok").asBoolean());
  }
}
