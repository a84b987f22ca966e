package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Messages that are sent at once, and so are put into mailboxes by one script. */
class MailBatchTest extends MailFixture {
  private static final int BURST = 100;
  private static final String ACCEPTED = "accepted";

  @Test
  void eachOfABurstIsAnsweredForItselfAndItComesInOrder() {
    HUB.defineRemote(acme, "worker");
    HUB.defineRemote(acme, "other");
    Map<String, String> wanted = new LinkedHashMap<>();
    Map<String, String> told = new HashMap<>();
    try (Peer sender = HUB.connect(acme.key())) {
      for (int burst = 0; burst < 4; burst++) {
        Map<String, String> sent = new LinkedHashMap<>();
        for (int i = 0; i < BURST / 4; i++) {
          int number = burst * BURST / 4 + i;
          ObjectNode first = numbered("worker", number);
          sent.put(sender.send("agent.send", first), ACCEPTED);
          sent.put(sender.send("agent.send", first), ACCEPTED);
          sent.put(sender.send("agent.send", first.deepCopy().put("payload", "y")), "conflict");
          sent.put(sender.send("agent.send", numbered("other", -number - 1)), ACCEPTED);
        }
        wanted.putAll(sent);
        told.putAll(answers(sender, sent.size()));
      }
    }
    assertEquals(wanted, told);
    Map<String, Integer> last = new HashMap<>();
    try (Peer worker = HUB.connectAgent(acme.key(), "worker")) {
      for (int i = 0; i < BURST; i++) {
        JsonNode delivery = worker.delivery();
        int number = Integer.parseInt(delivery.at("/params/id").asText().substring(1));
        String conversation = delivery.at("/params/conversation").asText();
        assertEquals("c" + number % 3, conversation);
        assertEquals(last.getOrDefault(conversation, number % 3 - 3) + 3, number);
        last.put(conversation, number);
        worker.raw(ok(delivery));
      }
      awaitStatus("m" + (BURST - 1), "handled");
      assertEquals(0, deliveries(worker), "a message came twice");
    }
  }

  @Test
  void ofABurstAFullMailboxTakesWhatItHasRoomFor() {
    Member globex = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(globex, "desk");
    HUB.defineRemote(acme, "worker");
    HUB.openChannel(acme, globex, "desk", Json.object());
    for (Member receiver : List.of(acme, globex)) {
      limit(receiver, 7);
      String agent = receiver.agent(receiver.equals(acme) ? "worker" : "desk");
      List<String> refused = new ArrayList<>();
      try (Peer sender = HUB.connect(acme.key())) {
        Map<String, String> ids = new HashMap<>();
        for (int i = 0; i < 40; i++) {
          String id = receiver.tenant() + "-" + i;
          ids.put(
              sender.send("agent.send", numbered("x", 0).put("to", agent).put("messageId", id)),
              id);
        }
        answers(sender, 40)
            .forEach(
                (request, outcome) -> {
                  if (outcome.equals(ACCEPTED)) {
                    assertEquals(ACCEPTED, status(ids.get(request)));
                  } else {
                    assertEquals("mailbox_full", outcome);
                    refused.add(ids.get(request));
                  }
                });
      }
      assertEquals(33, refused.size());
      assertEquals(404, HUB.get("/v1/messages/" + refused.get(0), acme.key()).status());
      limit(receiver, 8);
      assertEquals(
          ACCEPTED,
          succeed(
                  numbered("x", 0)
                      .put("to", agent)
                      .put("messageId", refused.get(0))
                      .put("payload", "z"))
              .path("status")
              .asText(),
          "what was refused has used its id up");
    }
  }

  @Test
  void oneIdIsNeverTakenForTwoTenants() {
    Member globex = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(globex, "desk");
    HUB.defineRemote(acme, "worker");
    HUB.openChannel(acme, globex, "desk", Json.object());
    List<String> agents = List.of(globex.agent("desk"), acme.agent("worker"));
    Map<String, ObjectNode> requests = new HashMap<>();
    Map<String, String> outcomes;
    try (Peer sender = HUB.connect(acme.key())) {
      for (int i = 0; i < BURST; i++) {
        ObjectNode message = numbered("x", i / 2).put("to", agents.get((i / 2 + i) % 2));
        requests.put(sender.send("agent.send", message), message);
      }
      outcomes = answers(sender, BURST);
    }
    outcomes.forEach(
        (request, outcome) -> {
          if (outcome.equals(ACCEPTED)) {
            ObjectNode message = requests.get(request);
            assertEquals(message.path("to"), get(message.path("messageId").asText()).path("to"));
          } else {
            assertEquals("conflict", outcome);
          }
        });
    assertEquals(
        BURST / 2, outcomes.values().stream().filter(outcome -> outcome.equals(ACCEPTED)).count());
  }

  @Test
  void whatIsNotFetchedExpiresHoweverMuchIsBeforeIt() {
    HUB.defineRemote(acme, "worker");
    try (Peer sender = HUB.connect(acme.key())) {
      for (int burst = 0; burst < 5; burst++) {
        for (int i = 0; i < 50; i++) {
          sender.send("agent.send", numbered("worker", burst * 50 + i));
        }
        assertTrue(answers(sender, 50).values().stream().allMatch(ACCEPTED::equals));
      }
      sender.succeed("agent.send", to("worker").put("messageId", "brief").put("ttlMs", 50));
      sender.next(f -> f.at("/payload/status").asText().equals("expired"));
    }
    assertEquals("expired", status("brief"));
    assertEquals(ACCEPTED, status("m0"));
  }

  private ObjectNode numbered(String agent, int number) {
    return to(agent).put("messageId", "m" + number).put("conversation", "c" + number % 3);
  }

  private static Map<String, String> answers(Peer sender, int count) {
    Map<String, String> answers = new HashMap<>();
    for (int i = 0; i < count; i++) {
      JsonNode answer = sender.answer();
      answers.put(
          answer.path("id").asText(),
          answer.path("ok").asBoolean()
              ? answer.at("/payload/status").asText()
              : answer.at("/error/code").asText().toLowerCase(Locale.ROOT));
    }
    return answers;
  }

  private static void limit(Member tenant, int messages) {
    ObjectNode change = Json.object();
    change.putObject("limits").put("mailbox", messages);
    HUB.succeed("PATCH", "/v1/admin/tenants/" + tenant.tenant(), HUB.adminKey(), change);
  }
}
