package dev.parley.hub.agent;

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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hosted agents wake up for a message and go to sleep when they have nothing to do. */
class ActivationTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("idle-timeout-ms", "500", "offline-pacing-ms", "20");

  private static int active() {
    return (int) HUB.metric("parley_agents_active");
  }

  private static void awaitActive(int count) {
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(() -> assertEquals(count, active(), "active agents"));
  }

  private static ObjectNode chat(String session, String message, String run) {
    return Json.object()
        .put("sessionKey", session)
        .put("message", message)
        .put("idempotencyKey", run);
  }

  private static String say(Peer person, String session, String message, String run) {
    person.succeed("chat.send", chat(session, message, run));
    JsonNode event = person.event("chat");
    while (event.path("state").asText().equals("delta")) {
      event = person.event("chat");
    }
    assertEquals("final", event.path("state").asText(), event.toString());
    return event.at("/message/content/0/text").asText();
  }

  /** Waits until a run has ended with a reply that ends so. */
  private static void ending(Peer person, String text) {
    person.next(
        frame ->
            frame.at("/payload/state").asText().equals("final")
                && frame.at("/payload/message/content/0/text").asText().endsWith(text));
  }

  @Test
  void anAgentIsActivatedByItsFirstMessagePassivatedWhenIdleAndRemembersAfterwards() {
    awaitActive(0);
    Member owner = HUB.signUp();
    try (Peer person = HUB.connect(owner.key())) {
      assertEquals(0, active(), "signing up and connecting activate nothing");
      String first = say(person, "main", "my name is Ada", "one");
      assertFalse(first.contains("earlier turn"), first);
      assertEquals(1, active());
      awaitActive(0);

      String second = say(person, "main", "what is my name?", "two");
      assertTrue(second.contains("I remember 1 earlier turn"), second);
      awaitActive(0);

      String elsewhere = say(person, "other", "and here?", "three");
      assertFalse(elsewhere.contains("earlier turn"), "another session knows nothing of the first");
    }
  }

  @Test
  void anAgentThatIsAtWorkIsNotPassivated() {
    Member owner = HUB.signUp();
    try (Peer person = HUB.connect(owner.key())) {
      String said = say(person, "main", "repeat 100 word", "long");
      assertEquals(100, said.split(" ").length, "the run took longer than the idle timeout");
    }
    awaitActive(0);
  }

  @Test
  void anAgentThatAnotherHasWokenWorksOnWhenThatFallsAsleep() {
    awaitActive(0);
    Member owner = HUB.signUp();
    HUB.succeed("POST", "/v1/agents", owner.key(), Json.object().put("name", "helper"));
    try (Peer person = HUB.connect(owner.key())) {
      String ask = "ask %s: repeat 1 x".formatted(owner.agent("helper"));
      person.succeed("chat.send", chat("main", ask, "ask"));
      ending(person, "answered: x");
      person.succeed("chat.send", chat("agent:helper:main", "repeat 100 word", "long"));
      ending(person, "word ".repeat(99) + "word");
    }
    awaitActive(0);
  }

  @Test
  void whatItWroteInItsWorkspaceIsThereAfterItHasSlept() {
    Member owner = HUB.signUp();
    try (Peer person = HUB.connect(owner.key())) {
      say(person, "main", "write plans.md: sail at dawn", "write");
      awaitActive(0);
      assertTrue(say(person, "main", "read plans.md", "read").contains("sail at dawn"));
    }
  }

  @Test
  void manyMessagesForAnAgentThatSleepsActivateItOnceAndAreAllAnswered() {
    awaitActive(0);
    Member owner = HUB.unmetered(HUB.signUp());
    ExecutorService threads = Executors.newFixedThreadPool(40);
    List<CompletableFuture<String>> answers =
        IntStream.range(0, 40)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () ->
                            HUB.succeed(
                                    "POST",
                                    "/v1/calls",
                                    owner.key(),
                                    Json.object()
                                        .put("to", owner.agent("main"))
                                        .put("payload", "repeat 2 x" + i))
                                .path("payload")
                                .toString(),
                        threads))
            .toList();
    for (int i = 0; i < answers.size(); i++) {
      String answer = answers.get(i).join();
      assertTrue(answer.contains("x%1$d x%1$d".formatted(i)), answer);
    }
    assertEquals(1, active());
    threads.shutdown();
    awaitActive(0);
  }
}
