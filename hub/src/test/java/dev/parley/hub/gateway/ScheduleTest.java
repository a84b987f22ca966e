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
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Schedules as their owners, their agents and strangers meet them. */
class ScheduleTest {
  private static final int MAX_CHAIN = 3;
  private static final String SCHEDULES = "/v1/schedules";
  private static final String EACH_SECOND = "* * * * * *";

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "schedule-min-period-ms",
          "1000",
          "schedule-late-ms",
          "20000",
          "max-chain",
          Integer.toString(MAX_CHAIN));

  private final Member acme = HUB.unmetered(HUB.signUp());

  @BeforeEach
  void defineWorker() {
    HUB.defineRemote(acme, "worker");
  }

  @Test
  void aMessageOnceReachesItsAgentOnceAndTheScheduleIsGone() {
    double fired = HUB.metric("parley_schedules_fired_total");
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      long at = System.currentTimeMillis() + 700;
      JsonNode made = create(once(at).put("payload", "wake up"));
      String id = made.path("id").asText();
      assertEquals(at, made.at("/next/0").asLong());
      assertEquals(1, made.path("next").size());
      JsonNode delivery = worker.delivery();
      assertTrue(System.currentTimeMillis() >= at, "early");
      assertEquals("wake up", delivery.at("/params/payload").asText());
      assertEquals(id + "-" + at, delivery.at("/params/id").asText());
      assertEquals(id, delivery.at("/params/conversation").asText());
      assertEquals(acme.tenant(), delivery.at("/params/from").asText());
      worker.raw(ok(delivery));
      await().until(() -> HUB.get(SCHEDULES + "/" + id, acme.key()).status() == 404);
      await().until(() -> status(id + "-" + at), "handled"::equals);
      assertEquals(0, deliveries(worker).size());
    }
    assertTrue(HUB.metric("parley_schedules_fired_total") > fired);
  }

  @Test
  void aCronReachesItsAgentOnceEachTickUntilItRestsAndAgainWhenItGoesOn() {
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      JsonNode made = create(cron(EACH_SECOND).put("zone", "Asia/Kathmandu"));
      String id = made.path("id").asText();
      assertEquals(3, made.path("next").size());
      assertEquals(made.at("/next/0").asLong() + 2_000, made.at("/next/2").asLong());
      List<Long> ticks = new ArrayList<>();
      while (ticks.size() < 4) {
        ticks.add(tick(handle(worker)));
      }
      for (int i = 1; i < ticks.size(); i++) {
        assertEquals(ticks.get(0) + i * 1_000L, ticks.get(i), ticks.toString());
      }
      JsonNode seen = get(id);
      assertEquals("sent", seen.at("/last/status").asText(), seen.toString());
      JsonNode resting = change(id, Json.object().put("enabled", false));
      assertFalse(resting.path("enabled").asBoolean());
      assertEquals(0, resting.path("next").size());
      long rests = System.currentTimeMillis();
      await().until(() -> System.currentTimeMillis() > rests + 1_500);
      worker.drain();
      long quiet = System.currentTimeMillis();
      await().until(() -> System.currentTimeMillis() > quiet + 1_500);
      assertEquals(0, deliveries(worker).size());
      change(id, Json.object().put("enabled", true).put("payload", "new"));
      JsonNode later = handle(worker);
      assertTrue(tick(later) > quiet);
      assertEquals("new", later.at("/params/payload").asText());
    }
  }

  @Test
  void itsMessageIsSentNowOnRequest() {
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      String id = create(cron("0 9 * * *").put("payload", 7)).path("id").asText();
      JsonNode sent = HUB.succeed("POST", SCHEDULES + "/" + id + "/run", acme.key(), Json.object());
      JsonNode delivery = handle(worker);
      assertEquals(sent.path("messageId").asText(), delivery.at("/params/id").asText());
      assertEquals(7, delivery.at("/params/payload").asInt());
      assertEquals(3, get(id).path("next").size());
    }
  }

  @Test
  void areListedInPagesAndShownWithTheirPayloadsAndDeleted() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(create(cron("0 9 * * *").put("payload", "p" + i)).path("id").asText());
    }
    List<String> listed = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = HUB.get(SCHEDULES + "?limit=2" + cursor, acme.key()).body();
      page.path("schedules").forEach(one -> listed.add(one.path("id").asText()));
      assertFalse(page.at("/schedules/0").has("payload"));
      cursor = page.has("cursor") ? "&cursor=" + page.path("cursor").asText() : "";
    } while (!cursor.isEmpty());
    assertEquals(ids.stream().sorted().toList(), listed);
    assertEquals("p3", get(ids.get(3)).path("payload").asText());
    HUB.succeed("DELETE", SCHEDULES + "/" + ids.get(3), acme.key(), Json.object());
    assertEquals(404, HUB.get(SCHEDULES + "/" + ids.get(3), acme.key()).status());
  }

  @Test
  void goWithTheirAgentAndALaterOneOfItsNameGetsNothing() {
    String id = create(cron(EACH_SECOND)).path("id").asText();
    JsonNode gone = HUB.succeed("DELETE", "/v1/agents/worker", acme.key(), Json.object());
    assertEquals(1, gone.path("schedulesDeleted").asInt());
    HUB.defineRemote(acme, "worker");
    assertEquals(404, HUB.get(SCHEDULES + "/" + id, acme.key()).status());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      long quiet = System.currentTimeMillis();
      await().until(() -> System.currentTimeMillis() > quiet + 1_500);
      assertEquals(0, deliveries(worker).size());
    }
  }

  @Test
  void anAgentThatSetsItselfATimerForEachTimerIsStopped() {
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.succeed("schedule.create", once(System.currentTimeMillis() + 300));
      int messages = 0;
      JsonNode answer;
      do {
        JsonNode delivery = worker.delivery();
        messages++;
        assertEquals(acme.agent("worker"), delivery.at("/params/from").asText());
        answer =
            worker.ask(
                "schedule.create",
                once(System.currentTimeMillis() + 300)
                    .put("parent", delivery.at("/params/id").asText())
                    .put("payload", "turn " + messages));
        worker.raw(ok(delivery));
      } while (answer.path("ok").asBoolean() && messages < 20);
      assertEquals(MAX_CHAIN + 1, messages);
      assertEquals("LOOP_DETECTED", answer.at("/error/code").asText(), answer.toString());
    }
  }

  @Test
  void anAgentMakesAndSeesSchedulesForItselfOnly() {
    HUB.defineRemote(acme, "clerk");
    String other = create(cron("0 9 * * *")).path("id").asText();
    try (Peer clerk = HUB.connectAgent(acme.key(), "clerk")) {
      assertEquals(
          "FORBIDDEN", clerk.ask("schedule.create", cron("0 9 * * *")).at("/error/code").asText());
      for (String operation : List.of("get", "update", "delete", "run")) {
        assertEquals(
            "NOT_FOUND",
            clerk
                .ask("schedule." + operation, Json.object().put("id", other))
                .at("/error/code")
                .asText(),
            operation);
      }
      clerk.succeed("schedule.create", cron("0 9 * * *").put("agent", "clerk"));
      JsonNode seen = clerk.succeed("schedule.list", Json.object()).path("schedules");
      assertEquals(1, seen.size());
      assertEquals("clerk", seen.at("/0/agent").asText());
    }
    assertEquals(2, HUB.get(SCHEDULES, acme.key()).body().path("schedules").size());
  }

  @Test
  void whatPeopleHaveScheduledItsAgentSeesAndCanNeitherChangeNorRun() {
    String id = create(cron("0 9 * * *").put("payload", "from people")).path("id").asText();
    String key =
        HUB.newKey(acme, Json.object().put("role", "agent").put("agent", "worker"))
            .path("secret")
            .asText();
    String path = SCHEDULES + "/" + id;
    assertEquals("from people", HUB.get(path, key).body().path("payload").asText());
    for (Answer refused :
        List.of(
            HUB.rest("PATCH", path, key, Json.object().put("payload", "from the agent")),
            HUB.rest("DELETE", path, key, Json.object()),
            HUB.rest("POST", path + "/run", key, Json.object()))) {
      assertEquals(403, refused.status(), refused.text());
    }
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      for (String operation : List.of("update", "delete", "run")) {
        JsonNode answer = worker.ask("schedule." + operation, Json.object().put("id", id));
        assertEquals("FORBIDDEN", answer.at("/error/code").asText(), answer.toString());
      }
      assertEquals(0, deliveries(worker).size());
      String own = worker.succeed("schedule.create", cron("0 9 * * *")).path("id").asText();
      worker.succeed("schedule.update", Json.object().put("id", own).put("payload", "mine"));
      run(worker, Json.object().put("id", own));
      assertEquals(acme.agent("worker"), handle(worker).at("/params/from").asText());
      worker.succeed("schedule.delete", Json.object().put("id", own));
    }
    assertEquals("from people", get(id).path("payload").asText());
  }

  @Test
  void anAgentMakesTheChainOfItsTimerNoShorterByRunningItForAnotherMessage() {
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      message("first");
      JsonNode handled = worker.delivery();
      String timer = timer(worker, handled);
      worker.raw(ok(handled));
      run(worker, Json.object().put("id", timer));
      handled = worker.delivery();
      String second = timer(worker, handled);
      worker.raw(ok(handled));
      message("fresh");
      handled = worker.delivery();
      run(worker, Json.object().put("id", second).put("parent", handled.at("/params/id").asText()));
      worker.raw(ok(handled));
      String sent = worker.delivery().at("/params/id").asText();
      JsonNode record = HUB.get("/v1/messages/" + sent, acme.key()).body();
      assertEquals(2, record.path("causes").size(), record.toString());
    }
  }

  /**
   * What it sends to itself may come before the answer, and would be dropped by waiting for that.
   */
  private static void run(Peer worker, ObjectNode schedule) {
    worker.send("schedule.run", schedule);
  }

  private void message(String id) {
    HUB.succeed(
        "POST",
        "/v1/messages",
        acme.key(),
        Json.object().put("to", acme.agent("worker")).put("messageId", id).put("payload", id));
  }

  private static String timer(Peer worker, JsonNode handled) {
    String parent = handled.at("/params/id").asText();
    return worker
        .succeed("schedule.create", cron("0 9 * * *").put("parent", parent))
        .path("id")
        .asText();
  }

  @Test
  void areOfTheirTenantOnly() {
    String id = create(cron("0 9 * * *")).path("id").asText();
    Member globex = HUB.signUp();
    String viewer = HUB.newKey(acme, "viewer");
    String path = SCHEDULES + "/" + id;
    for (Answer refused :
        List.of(
            HUB.get(path, globex.key()),
            HUB.rest("PATCH", path, globex.key(), Json.object().put("enabled", false)),
            HUB.rest("DELETE", path, globex.key(), Json.object()),
            HUB.rest("POST", path + "/run", globex.key(), Json.object()))) {
      assertEquals(404, refused.status(), refused.text());
    }
    assertEquals(0, HUB.get(SCHEDULES, globex.key()).body().path("schedules").size());
    for (String key : List.of(viewer, "")) {
      int status = key.isEmpty() ? 401 : 403;
      assertEquals(status, HUB.get(SCHEDULES, key).status());
      assertEquals(status, HUB.get(path, key).status());
      assertEquals(status, HUB.rest("POST", SCHEDULES, key, cron("0 9 * * *")).status());
      assertEquals(status, HUB.rest("POST", path + "/run", key, Json.object()).status());
      assertEquals(status, HUB.rest("DELETE", path, key, Json.object()).status());
    }
    assertTrue(get(id).path("enabled").asBoolean());
  }

  @Test
  void whatCannotBeScheduledIsRefusedByField() {
    refused("cron", cron("61 * * * *"));
    refused("cron", cron("0 0 30 2 *"));
    refused("cron", cron("* * * *"));
    refused("cron", cron("0 9 * * *").put("at", System.currentTimeMillis() + 10_000));
    refused("cron", Json.object().put("agent", "worker"));
    refused("zone", cron("0 9 * * *").put("zone", "Mars/Olympus"));
    refused("at", once(System.currentTimeMillis() - 1));
    refused("at", once(Long.MAX_VALUE));
    refused("missed", cron("0 9 * * *").put("missed", "maybe"));
    Answer large =
        HUB.rest(
            "POST", SCHEDULES, acme.key(), cron("0 9 * * *").put("payload", "x".repeat(70_000)));
    assertEquals("payload_too_large", large.errorCode());
    assertEquals(0, HUB.get(SCHEDULES, acme.key()).body().path("schedules").size());
  }

  @Test
  void thereAreNoMoreThanTheLimitOfTheTenantSays() {
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + acme.tenant(),
        HUB.adminKey(),
        Json.object().set("limits", Json.object().put("schedules", 2)));
    create(cron("0 9 * * *"));
    create(cron("0 9 * * *"));
    Answer full = HUB.rest("POST", SCHEDULES, acme.key(), cron("0 9 * * *"));
    assertEquals("limit_exceeded", full.errorCode(), full.text());
    assertEquals("schedules", full.body().at("/error/details/limit").asText());
  }

  @Test
  void aTickThatCannotBeSentIsToldWithItsReason() {
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + acme.tenant(),
        HUB.adminKey(),
        Json.object().set("limits", Json.object().put("mailbox", 0)));
    String id =
        create(once(System.currentTimeMillis() + 300).put("missed", "skip")).path("id").asText();
    HUB.succeed(
        "POST", "/v1/admin/tenants/" + acme.tenant() + "/suspend", HUB.adminKey(), Json.object());
    await().until(() -> HUB.metric("parley_schedules_failed_total") > 0);
    HUB.succeed(
        "POST", "/v1/admin/tenants/" + acme.tenant() + "/resume", HUB.adminKey(), Json.object());
    await().until(() -> get(id).at("/last/status").asText(), "failed"::equals);
    assertFalse(get(id).at("/last/error/message").asText().isEmpty());
  }

  private void refused(String field, ObjectNode params) {
    Answer answer = HUB.rest("POST", SCHEDULES, acme.key(), params);
    assertEquals(400, answer.status(), params + " " + answer);
    assertEquals(field, answer.body().at("/error/details/field").asText(), answer.text());
  }

  private static ObjectNode cron(String cron) {
    return Json.object().put("agent", "worker").put("cron", cron);
  }

  private static ObjectNode once(long at) {
    return Json.object().put("agent", "worker").put("at", at);
  }

  private JsonNode create(ObjectNode params) {
    return HUB.succeed("POST", SCHEDULES, acme.key(), params);
  }

  private JsonNode change(String id, ObjectNode params) {
    return HUB.succeed("PATCH", SCHEDULES + "/" + id, acme.key(), params);
  }

  private JsonNode get(String id) {
    return HUB.get(SCHEDULES + "/" + id, acme.key()).body();
  }

  private String status(String message) {
    return HUB.get("/v1/messages/" + message, acme.key()).body().path("status").asText();
  }

  private static JsonNode handle(Peer worker) {
    JsonNode delivery = worker.delivery();
    worker.raw(ok(delivery));
    return delivery;
  }

  private static long tick(JsonNode delivery) {
    String id = delivery.at("/params/id").asText();
    return Long.parseLong(id.substring(id.lastIndexOf('-') + 1));
  }

  private static List<JsonNode> deliveries(Peer peer) {
    assertTrue(peer.alive());
    return peer.drain().stream()
        .filter(frame -> frame.path("method").asText().equals("agent.deliver"))
        .toList();
  }

  private static String ok(JsonNode delivery) {
    return "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
        .formatted(delivery.path("id").asText());
  }
}
