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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages that were not handled, as their senders find them. */
class DeadLetterTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("mail-back-off-ms", "20", "mail-attempts", "2", "max-chain", "3");

  private static final String LETTERS = "/v1/dead-letters";
  private static final String PAYLOAD = "{\"n\":1.5,\"s\":\"é / \\\"q\\\" 雪\",\"e\":[]}";

  private final Member acme = HUB.unmetered(HUB.signUp());

  @BeforeEach
  void defineWorker() {
    HUB.defineRemote(acme, "worker");
  }

  @Test
  void keepTheWholeMessageWithTheReasonAndTellTheOwner() {
    String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    double before = HUB.metric("parley_dead_letters_total");
    try (Peer owner = HUB.connect(acme.key());
        Peer member = HUB.connect(HUB.newKey(acme, "member"))) {
      owner.raw(
          ("{\"type\":\"req\",\"id\":\"s\",\"method\":\"agent.send\",\"traceparent\":\"%s\","
                  + "\"params\":{\"to\":\"%s\",\"messageId\":\"m1\",\"payload\":%s}}")
              .formatted(trace, acme.agent("worker"), PAYLOAD));
      assertTrue(owner.answer("s").path("ok").asBoolean());
      try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
        JsonNode delivery = worker.delivery();
        assertEquals(trace, delivery.at("/params/traceparent").asText());
        worker.raw(error(delivery, "INVALID_REQUEST"));
        JsonNode told = owner.event("deadletter.arrived");
        assertEquals("m1", told.path("messageId").asText());
        assertFalse(told.has("payload"));
        assertTrue(member.alive());
        assertTrue(
            member.drain().stream().noneMatch(f -> f.toString().contains("deadletter.arrived")),
            "a member was told");
        Answer whole = HUB.get(LETTERS + "/" + told.path("id").asText(), acme.key());
        assertTrue(whole.text().contains("\"payload\":" + PAYLOAD), whole.text());
        assertEquals("failed", whole.body().path("status").asText());
        assertEquals("agent_failed", whole.body().at("/error/code").asText());
        assertEquals(trace, whole.body().path("traceparent").asText());
        assertEquals(acme.tenant(), whole.body().path("from").asText());
      }
    }
    assertEquals(before + 1, HUB.metric("parley_dead_letters_total"));
  }

  @Test
  void areThereForWhatExpiredAndForWhatNobodyCouldHandle() {
    send("brief", Json.object().put("ttlMs", 50));
    awaitLetters(1);
    assertEquals("expired", letters().get(0).path("status").asText());
    send("poison", Json.object());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.raw(error(worker.delivery(), "INTERNAL"));
      worker.raw(error(worker.delivery(), "INTERNAL"));
      awaitLetters(2);
    }
    JsonNode newest = letters().get(0);
    assertEquals("poison", newest.path("messageId").asText());
    assertEquals(2, newest.path("attempts").asInt());
  }

  @Test
  void areListedNewestFirstInPages() {
    for (int i = 0; i < 5; i++) {
      send("p" + i, Json.object().put("ttlMs", 1));
      awaitLetters(i + 1);
    }
    JsonNode first = HUB.get(LETTERS + "?limit=2", acme.key()).body();
    assertEquals(List.of("p4", "p3"), ids(first.path("letters")));
    JsonNode second = page(first);
    assertEquals(List.of("p2", "p1"), ids(second.path("letters")));
    JsonNode last = page(second);
    assertEquals(List.of("p0"), ids(last.path("letters")));
    assertFalse(last.has("cursor"));
  }

  @Test
  void areSentAgainAsANewMessageThatNamesTheOldOneAndThenAreGone() {
    String letter = letterOf("old");
    JsonNode again = redeliver(letter).body();
    assertEquals("old", again.path("redelivers").asText());
    assertEquals(404, HUB.get(LETTERS + "/" + letter, acme.key()).status());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      JsonNode delivery = worker.delivery();
      assertEquals(again.path("messageId").asText(), delivery.at("/params/id").asText());
      assertEquals("x", delivery.at("/params/payload").asText());
      worker.raw(ok(delivery));
    }
    JsonNode causes =
        HUB.get("/v1/messages/" + again.path("messageId").asText(), acme.key())
            .body()
            .path("causes");
    assertEquals("old", causes.get(0).path("message").asText());
    assertEquals(acme.agent("worker"), causes.get(0).path("handler").asText());
  }

  @Test
  void becomeOneMessageHoweverManyAskAtOnce() {
    String letter = letterOf("once");
    List<Answer> answers =
        IntStream.range(0, 12)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> redeliver(letter)))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();
    Set<String> made = new HashSet<>();
    for (Answer answer : answers) {
      if (answer.status() == 200) {
        made.add(answer.body().path("messageId").asText());
      } else {
        assertEquals(404, answer.status(), answer.toString());
      }
    }
    assertEquals(1, made.size(), answers.toString());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.raw(ok(worker.delivery()));
      await().until(() -> status(made.iterator().next()), "handled"::equals);
      assertEquals(
          0, worker.drain().stream().filter(f -> f.toString().contains("agent.deliver")).count());
    }
  }

  @Test
  void areNotSentAgainPastAChannelThatWasRevokedAndStay() {
    Member globex = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(globex, "desk");
    String channel = HUB.openChannel(acme, globex, "desk", Json.object()).path("id").asText();
    HUB.succeed(
        "POST",
        "/v1/messages",
        acme.key(),
        Json.object().put("to", globex.agent("desk")).put("ttlMs", 1));
    awaitLetters(1);
    assertEquals(0, HUB.get(LETTERS, globex.key()).body().path("letters").size());
    HUB.succeed("DELETE", "/v1/channels/" + channel, globex.key(), Json.object());
    String letter = letters().get(0).path("id").asText();
    assertEquals(404, redeliver(letter).status());
    assertEquals(1, letters().size());
  }

  @Test
  void doNotGoRoundForEver() {
    String letter = letterOf("round");
    for (int i = 0; i < 3; i++) {
      assertEquals(200, redeliver(letter).status(), "time " + i);
      try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
        worker.raw(error(worker.delivery(), "INVALID_REQUEST"));
        awaitLetters(1);
      }
      letter = letters().get(0).path("id").asText();
    }
    assertEquals("loop_detected", redeliver(letter).errorCode());
    assertEquals(1, letters().size());
  }

  @Test
  void areOfTheirSenderOnly() {
    Member globex = HUB.unmetered(HUB.signUp());
    String letter = letterOf("mine");
    String path = LETTERS + "/" + letter;
    for (String key : List.of(globex.key(), agentKey("main"))) {
      assertEquals(404, HUB.get(path, key).status());
      assertEquals(404, post(path + "/redeliver", key, Json.object()).status());
      assertEquals(404, purge(key, Json.object().put("id", letter)).status());
      assertEquals(0, HUB.get(LETTERS, key).body().path("letters").size());
    }
    assertEquals(0, purge(globex.key(), all()).body().path("purged").asInt());
    assertEquals(403, purge(agentKey("main"), all()).status());
    String viewer = HUB.newKey(acme, "viewer");
    for (Answer refused :
        List.of(
            HUB.get(LETTERS, viewer),
            HUB.get(path, viewer),
            post(path + "/redeliver", viewer, Json.object()),
            purge(viewer, all()))) {
      assertEquals(403, refused.status());
    }
    assertEquals(401, HUB.get(path, "").status());
    assertEquals(401, purge("", all()).status());
    assertEquals(1, letters().size());
  }

  @Test
  void anAgentSeesWhatItHasSent() {
    HUB.defineRemote(acme, "clerk");
    try (Peer clerk = HUB.connectAgent(acme.key(), "clerk")) {
      clerk.succeed("agent.send", Json.object().put("to", acme.agent("worker")).put("ttlMs", 1));
      awaitLetters(1);
      JsonNode seen = clerk.succeed("deadletter.list", Json.object()).path("letters");
      assertEquals(acme.agent("clerk"), seen.get(0).path("from").asText());
      String id = seen.get(0).path("id").asText();
      JsonNode again = clerk.succeed("deadletter.redeliver", Json.object().put("id", id));
      assertEquals("accepted", again.path("status").asText());
    }
  }

  @Test
  void malformedNamesAreRefusedAndAbsentOnesNotFound() {
    for (String id : List.of("-1", "X", "1.5", "12345678901234567", "1%00", "1%20")) {
      Answer answer = HUB.get(LETTERS + "/" + id, acme.key());
      assertEquals(400, answer.status(), id + " " + answer);
    }
    for (String id : List.of("999", "x", "1e3", "0", "01")) {
      assertEquals(404, HUB.get(LETTERS + "/" + id, acme.key()).status(), id);
    }
    assertEquals(404, redeliver("999").status());
    assertEquals(404, purge(acme.key(), Json.object().put("id", "999")).status());
    assertEquals(400, purge(acme.key(), Json.object()).status());
    assertEquals(400, purge(acme.key(), all().put("id", "1")).status());
    assertEquals(400, HUB.get(LETTERS + "?cursor=x", acme.key()).status());
    assertEquals(400, HUB.get(LETTERS + "?limit=0", acme.key()).status());
  }

  @Test
  void arePurgedOneByOneOrAll() {
    String first = letterOf("a");
    send("b", Json.object().put("ttlMs", 1));
    send("c", Json.object().put("ttlMs", 1));
    awaitLetters(3);
    assertEquals(
        1, purge(acme.key(), Json.object().put("id", first)).body().path("purged").asInt());
    assertEquals(2, letters().size());
    assertEquals(2, purge(acme.key(), all()).body().path("purged").asInt());
    assertEquals(0, letters().size());
  }

  @Test
  void aFullBoxLosesItsOldestAndCountsThat() {
    limit("deadLetters", 2);
    double lost = HUB.metric("parley_dead_letters_lost_total");
    for (int i = 0; i < 3; i++) {
      String id = "f" + i;
      send(id, Json.object().put("ttlMs", 1));
      await().until(() -> ids(letters()).contains(id));
    }
    assertEquals(List.of("f2", "f1"), ids(letters()));
    assertEquals(lost + 1, HUB.metric("parley_dead_letters_lost_total"));
  }

  @Test
  void aMailboxIsFullByBytesTooAndTakesMailAgainWhenTheyAreFree() {
    limit("mailboxBytes", 2_000);
    send("big", Json.object().put("payload", "x".repeat(1_200)));
    ObjectNode second = message("second").put("payload", "x".repeat(1_200));
    Answer full = post("/v1/messages", acme.key(), second);
    assertEquals("mailbox_full", full.errorCode());
    assertEquals("mailbox_bytes", full.body().at("/error/details/limit").asText(), full.text());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.raw(ok(worker.delivery()));
      await().until(() -> status("big"), "handled"::equals);
    }
    assertEquals(200, post("/v1/messages", acme.key(), second).status());
  }

  private String agentKey(String agent) {
    return HUB.newKey(acme, Json.object().put("role", "agent").put("agent", agent))
        .path("secret")
        .asText();
  }

  /** Sends a message that fails, and names its letter. */
  private String letterOf(String id) {
    send(id, Json.object());
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      worker.raw(error(worker.delivery(), "INVALID_REQUEST"));
      awaitLetters(1);
    }
    return letters().get(0).path("id").asText();
  }

  private ObjectNode message(String id) {
    return Json.object().put("to", acme.agent("worker")).put("messageId", id).put("payload", "x");
  }

  private void send(String id, ObjectNode more) {
    HUB.succeed("POST", "/v1/messages", acme.key(), message(id).setAll(more));
  }

  private JsonNode letters() {
    return HUB.get(LETTERS, acme.key()).body().path("letters");
  }

  private JsonNode page(JsonNode before) {
    return HUB.get(LETTERS + "?limit=2&cursor=" + before.path("cursor").asText(), acme.key())
        .body();
  }

  private void awaitLetters(int count) {
    await().until(() -> letters().size(), size -> size == count);
  }

  private static List<String> ids(JsonNode letters) {
    return Stream.iterate(0, i -> i + 1)
        .limit(letters.size())
        .map(i -> letters.get(i).path("messageId").asText())
        .toList();
  }

  private Answer redeliver(String letter) {
    return post(LETTERS + "/" + letter + "/redeliver", acme.key(), Json.object());
  }

  private static Answer purge(String key, ObjectNode params) {
    return post(LETTERS + "/purge", key, params);
  }

  private static ObjectNode all() {
    return Json.object().put("all", true);
  }

  private static Answer post(String path, String key, ObjectNode body) {
    return HUB.rest("POST", path, key, body);
  }

  private String status(String id) {
    return HUB.get("/v1/messages/" + id, acme.key()).body().path("status").asText();
  }

  private void limit(String name, long value) {
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + acme.tenant(),
        HUB.adminKey(),
        Json.object().set("limits", Json.object().put(name, value)));
  }

  private static String ok(JsonNode delivery) {
    return "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
        .formatted(delivery.path("id").asText());
  }

  private static String error(JsonNode delivery, String code) {
    return ("{\"type\":\"res\",\"id\":\"%s\",\"ok\":false,\"error\":{\"code\":\"%s\","
            + "\"message\":\"cannot\",\"retryable\":false}}")
        .formatted(delivery.path("id").asText(), code);
  }
}
