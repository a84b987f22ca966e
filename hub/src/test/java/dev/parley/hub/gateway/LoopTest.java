package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Agents that keep each other busy, over real sockets, and agents that only look like it. */
class LoopTest extends LoopFixture {
  private static long tripEvents(Peer person) {
    assertTrue(person.alive());
    return person.drain().stream()
        .filter(frame -> frame.path("event").asText().equals("loop.tripped"))
        .count();
  }

  @Test
  void twoAgentsThatThankEachOtherAreStoppedWithinEighteenMessagesAndAPersonIsToldOnce() {
    try (Ring pair = Ring.of("ping", "pong")) {
      int passed = pair.roundsUntilStopped("Thank you!", 19);
      assertTrue(passed <= 18, "passed " + passed);

      JsonNode refused = pair.say(passed, "thank you");
      assertTrue(stopped(refused), refused.toString());
      assertEquals("no_new_information", refused.at("/error/details/reason").asText());
      assertEquals(pair.address(passed), refused.at("/error/details/from").asText());
      assertTrue(refused.at("/error/retryAfterMs").asLong() > 0, refused.toString());

      JsonNode told = pair.person().event("loop.tripped").path("loop");
      assertEquals(pair.address(passed), told.path("from").asText());
      assertEquals(pair.address(passed + 1), told.path("to").asText());
      assertEquals(0, tripEvents(pair.person()));
      assertFalse(told.toString().toLowerCase(Locale.ROOT).contains("thank"), told.toString());

      JsonNode loops = pair.loops();
      assertEquals(1, loops.size(), loops.toString());
      assertEquals("open", loops.at("/0/state").asText());
      assertFalse(stopped(pair.say(passed + 1, "thank you")), "only one edge is stopped");
    }
  }

  @Test
  void aRingOfThreeThatBeginsANewChainEachTimeIsStoppedWithinTwentySevenMessages() {
    try (Ring ring = Ring.of("a", "b", "c")) {
      int passed = ring.roundsUntilStopped("please handle", 28);
      assertTrue(passed <= 27, "passed " + passed);
      assertTrue(
          ring.person().event("loop.tripped").at("/loop/why").asText().contains(ring.address(1)));
    }
  }

  @Test
  void aFanOutBombIsStoppedAtItsBoundWhetherItsAgentSaysWhatItHandlesOrNot() {
    for (boolean stated : new boolean[] {true, false}) {
      try (Ring pair = Ring.of("bomb", "worker")) {
        pair.person().send("agent.call", call(pair.address(0), "go"));
        JsonNode cause = pair.agent(0).delivery().path("params");
        for (int message = 1; message <= FAN_OUT + 5; message++) {
          ObjectNode params = call(pair.address(1), "item " + message);
          if (stated) {
            params.put("parent", cause.path("id").asText());
          }
          String request = pair.agent(0).send("agent.call", params);
          if (message <= FAN_OUT) {
            done(pair.agent(1), pair.agent(1).delivery());
          }
          assertEquals(message > FAN_OUT, stopped(pair.agent(0).answer(request)), "no " + message);
        }
        assertEquals("fan_out", pair.person().event("loop.tripped").at("/loop/reason").asText());
        assertEquals(0, tripEvents(pair.person()));
      }
    }
  }

  @Test
  void anHonestTaskOfFortyTurnsIsUntouched() {
    try (Ring pair = Ring.of("buyer", "seller")) {
      for (int turn = 0; turn < 40; turn++) {
        JsonNode answer = pair.say(turn, "offer %d of this round".formatted(turn));
        assertTrue(answer.path("ok").asBoolean(), turn + " " + answer);
      }
      assertEquals(0, pair.loops().size());
    }
  }

  @Test
  void aPollerThatAsksTheSameQuestionForEverIsNoLoop() {
    try (Ring pair = Ring.of("poller", "clock")) {
      for (int turn = 0; turn < 200; turn++) {
        assertTrue(pair.say(0, "what time is it").path("ok").asBoolean());
      }
      assertTrue(pair.say(1, "what time is it").path("ok").asBoolean());
      assertEquals(0, pair.loops().size());
    }
  }

  @Test
  void aStoppedEdgeHalfOpensByItselfAndClosesAfterMessagesThatSaySomething() {
    try (Ring pair = Ring.of("x", "y")) {
      int passed = pair.roundsUntilStopped("ok", 19);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> pair.loops().at("/0/state").asText().equals("half_open"));
      for (int message = 0; message < 3; message++) {
        assertTrue(pair.say(passed, "news " + message).path("ok").asBoolean());
      }
      assertEquals(0, pair.loops().size());
    }
  }

  @Test
  void aLoopThatGoesOnAfterThePauseIsStoppedForTwiceAsLongAndNobodyIsToldAgain() {
    try (Ring pair = Ring.of("x", "y")) {
      int passed = pair.roundsUntilStopped("ok", 19);
      pair.person().event("loop.tripped");
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> pair.loops().at("/0/state").asText().equals("half_open"));
      int more = 0;
      for (int message = passed; !stopped(pair.say(message, "ok")); message++) {
        more++;
      }
      assertTrue(more <= 12, "passed " + more);
      JsonNode again = pair.loops().path(0);
      assertEquals(2, again.path("trips").asInt(), again.toString());
      assertEquals(2L * PAUSE_MS, again.path("until").asLong() - again.path("trippedAt").asLong());
      assertEquals(0, tripEvents(pair.person()));
    }
  }

  @Test
  void anOwnerLetsMessagesPassAgainAndNobodyElseCan() {
    try (Ring pair = Ring.of("ping", "pong")) {
      Member stranger = HUB.signUp();
      int passed = pair.roundsUntilStopped("ok", 19);
      ObjectNode edge =
          Json.object().put("from", pair.address(passed)).put("to", pair.address(passed + 1));
      assertEquals(0, HUB.get("/v1/loops", stranger.key()).body().path("loops").size());
      assertEquals(401, HUB.get("/v1/loops", "").status());
      assertEquals(401, HUB.rest("POST", "/v1/loops/reset", "", edge).status());
      Answer foreign = HUB.rest("POST", "/v1/loops/reset", stranger.key(), edge);
      assertEquals(404, foreign.status(), foreign.text());
      for (String role : List.of("viewer", "member")) {
        String key = HUB.newKey(pair.owner(), role);
        assertEquals(1, HUB.get("/v1/loops", key).body().path("loops").size());
        assertEquals(403, HUB.rest("POST", "/v1/loops/reset", key, edge).status());
      }
      ObjectNode malformed = edge.deepCopy().put("from", "../" + pair.address(passed));
      assertEquals(
          400, HUB.rest("POST", "/v1/loops/reset", pair.owner().key(), malformed).status());
      ObjectNode dashes = edge.deepCopy().put("from", "-/-");
      Answer unreadable = HUB.rest("POST", "/v1/loops/reset", pair.owner().key(), dashes);
      assertEquals("from", unreadable.body().at("/error/details/field").asText());
      ObjectNode extra = edge.deepCopy().put("force", true);
      assertEquals(400, HUB.rest("POST", "/v1/loops/reset", pair.owner().key(), extra).status());
      assertTrue(stopped(pair.say(passed, "ok")), "still stopped after all that");

      JsonNode reset = HUB.succeed("POST", "/v1/loops/reset", pair.owner().key(), edge);
      assertEquals(pair.address(passed), reset.at("/loop/from").asText());
      assertTrue(pair.say(passed, "ok").path("ok").asBoolean());
      assertEquals(404, HUB.rest("POST", "/v1/loops/reset", pair.owner().key(), edge).status());
    }
  }

  @Test
  void anAgentsOwnSocketIsNotToldAndNeitherIsAnotherTenant() {
    Member stranger = HUB.signUp();
    try (Ring pair = Ring.of("ping", "pong");
        Peer other = HUB.connect(stranger.key())) {
      pair.roundsUntilStopped("ok", 19);
      pair.person().event("loop.tripped");
      assertEquals(0, tripEvents(other));
      assertEquals(0, tripEvents(pair.agent(0)));
    }
  }

  @Test
  void chainsThatComeBackAgainAndAgainStopTheEdgeWhereTheyDo() {
    try (Ring pair = Ring.of("ping", "pong")) {
      for (int chain = 0; chain < 3; chain++) {
        pair.person().send("agent.call", call(pair.address(0), "new task " + chain));
        JsonNode atPing = pair.agent(0).delivery();
        pair.agent(0)
            .send("agent.call", call(pair.address(1), "help " + chain).put("parent", id(atPing)));
        JsonNode atPong = pair.agent(1).delivery();
        JsonNode back =
            pair.agent(1)
                .ask(
                    "agent.call",
                    call(pair.address(0), "you do it " + chain).put("parent", id(atPong)));
        assertTrue(stopped(back), back.toString());
        done(pair.agent(1), atPong);
        done(pair.agent(0), atPing);
      }
      JsonNode told = pair.person().event("loop.tripped").path("loop");
      assertEquals("chain_refused", told.path("reason").asText());
      assertEquals(pair.address(1), told.path("from").asText());
    }
  }

  @Test
  void whatTheBreakerDoesIsInTheMetrics() {
    double before = HUB.metric("parley_loops_tripped_total");
    try (Ring pair = Ring.of("ping", "pong")) {
      pair.roundsUntilStopped("ok", 19);
      assertEquals(before + 1, HUB.metric("parley_loops_tripped_total"));
      assertTrue(HUB.metric("parley_loops_refused_total") > 0);
      assertTrue(HUB.metric("parley_loops_edges") >= 2);
    }
  }

  @Test
  void anAgentThatSpendsMoreInAMinuteThanAnEdgeMayIsStopped() {
    Member seller = HUB.unmetered(HUB.signUp());
    Member buyer = HUB.unmetered(HUB.signUp());
    ObjectNode listing = Json.object().put("name", "dear").put("agent", "main");
    listing.putObject("price").put("unit", "call").put("millicents", 600_000);
    HUB.succeed("POST", "/v1/market/listings", seller.key(), listing);
    ObjectNode install = Json.object().put("listing", seller.agent("dear"));
    install.putObject("maxPrice").put("unit", "call").put("millicents", 600_000);
    HUB.succeed("POST", "/v1/market/installs", buyer.key(), install);
    try (Peer person = HUB.connect(buyer.key());
        Peer watching = HUB.connect(buyer.key())) {
      for (int call = 1; call <= 2; call++) {
        person.succeed(
            "agent.call",
            call("market:" + seller.agent("dear"), "repeat 1 x" + call).put("from", "main"));
      }
      JsonNode refused =
          person.ask(
              "agent.call",
              call("market:" + seller.agent("dear"), "repeat 1 more").put("from", "main"));
      assertEquals("spend", refused.at("/error/details/reason").asText(), refused.toString());
      assertEquals("spend", watching.event("loop.tripped").at("/loop/reason").asText());
    }
  }
}
