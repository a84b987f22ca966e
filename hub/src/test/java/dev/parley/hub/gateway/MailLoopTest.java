package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class MailLoopTest extends LoopFixture {
  private final AtomicReference<JsonNode> handled = new AtomicReference<>();

  @Test
  void anHonestTaskOfFortyTurnsBySentMessagesThatNameEachOtherIsUntouched() {
    try (Ring pair = Ring.of("buyer", "seller")) {
      assertEquals(40, sendToAndFro(pair, "offer %d of this round", 40));
      assertEquals(40, handled.get().at("/params/hops").asInt() + 1);
      assertEquals(0, pair.loops().size());
    }
  }

  @Test
  void sentMessagesThatOnlyThankEachOtherAreStoppedWithinEighteen() {
    try (Ring pair = Ring.of("ping", "pong")) {
      int passed = sendToAndFro(pair, "thank you", 30);
      assertTrue(passed <= 18, "passed " + passed);
    }
  }

  @Test
  void aChainOfSentMessagesEndsAtItsBoundHoweverNewTheyAre() {
    try (Ring pair = Ring.of("x", "y")) {
      assertEquals(65, sendToAndFro(pair, "thought %d", 100));
    }
  }

  @Test
  void aCallWhileASentMessageIsHandledMayGoToAnAgentThatTheChainHasPassed() {
    try (Ring pair = Ring.of("x", "y")) {
      sendToAndFro(pair, "part %d", 4);
      String request =
          pair.agent(4)
              .send(
                  "agent.call",
                  call(pair.address(5), "what did you say?").put("parent", id(handled.get())));
      done(pair.agent(5), pair.agent(5).delivery());
      JsonNode answer = pair.agent(4).answer(request);
      assertTrue(answer.path("ok").asBoolean(), answer.toString());
    }
  }

  /** Sends and handles messages to and fro, each because of the one before; those that passed. */
  private int sendToAndFro(Ring pair, String text, int most) {
    String parent = "";
    for (int message = 0; message < most; message++) {
      ObjectNode params = call(pair.address(message + 1), text.formatted(message));
      if (!parent.isEmpty()) {
        params.put("parent", parent);
      }
      JsonNode accepted = pair.agent(message).ask("agent.send", params);
      if (stopped(accepted)) {
        return message;
      }
      assertTrue(accepted.path("ok").asBoolean(), accepted.toString());
      if (message > 0) {
        done(pair.agent(message), handled.get());
      }
      handled.set(pair.agent(message + 1).delivery());
      parent = id(handled.get());
    }
    return most;
  }
}
