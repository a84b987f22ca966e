package dev.parley.hub.gateway;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Agents that pass work on: chains that go round or get too long, by real agents. */
class CallChainTest {
  private static final int MAX_HOPS = 3;

  @RegisterExtension
  static final HubExtension HUB = HubExtension.with("max-hops", Integer.toString(MAX_HOPS));

  private static String tell(Member owner, String agent, String message) {
    Answer answer =
        HUB.rest(
            "POST",
            "/v1/calls",
            owner.key(),
            Json.object().put("to", owner.agent(agent)).put("payload", message));
    assertEquals(200, answer.status(), answer.text());
    return answer.body().path("payload").toString();
  }

  private static void agents(Member owner, String... names) {
    for (String name : names) {
      HUB.succeed("POST", "/v1/agents", owner.key(), Json.object().put("name", name));
    }
  }

  private static String ask(Member owner, String agent, String question) {
    return "ask " + owner.agent(agent) + " " + question;
  }

  @Test
  void hostedAgentsThatAskEachOtherInARingOfThreeAreStopped() {
    Member owner = HUB.signUp();
    agents(owner, "b", "c");
    String said =
        tell(owner, "main", ask(owner, "b", ask(owner, "c", ask(owner, "main", "hello"))));
    assertTrue(said.contains("loop_detected"), said);
    assertTrue(said.contains(owner.agent("main") + " did not answer"), said);
    assertEquals(3, HUB.get("/v1/usage", owner.key()).body().at("/days/0/total/calls").asInt());
  }

  @Test
  void anAgentThatAsksItselfIsStopped() {
    Member owner = HUB.signUp();
    String said = tell(owner, "main", ask(owner, "main", "hello"));
    assertTrue(said.contains("loop_detected"), said);
  }

  @Test
  void aChainMayBeAsLongAsTheHubSaysAndNoLonger() {
    Member owner = HUB.signUp();
    agents(owner, "b", "c", "d", "e");
    String longest = ask(owner, "b", ask(owner, "c", ask(owner, "d", "repeat 2 ok")));
    String said = tell(owner, "main", longest);
    assertTrue(said.contains("ok ok"), said);
    assertFalse(said.contains("loop_detected"), said);

    String tooLong =
        ask(owner, "b", ask(owner, "c", ask(owner, "d", ask(owner, "e", "repeat 2 ok"))));
    String stopped = tell(owner, "main", tooLong);
    assertTrue(stopped.contains("loop_detected"), stopped);
    assertTrue(stopped.contains("longer than %d hops".formatted(MAX_HOPS)), stopped);
  }

  @Test
  void aRingAcrossTenantsIsStoppedToo() {
    Member left = HUB.signUp();
    Member right = HUB.signUp();
    HUB.openChannel(left, right, "main", Json.object());
    HUB.openChannel(right, left, "main", Json.object());
    String said = tell(left, "main", ask(right, "main", ask(left, "main", "hello")));
    assertTrue(said.contains("loop_detected"), said);
  }

  @Test
  void aRemoteAgentThatNamesWhatItHandlesCannotGoRoundAndOneThatHidesItCannotGoOnForEver() {
    Member owner = HUB.unmetered(HUB.signUp());
    HUB.defineRemote(owner, "ping");
    HUB.defineRemote(owner, "pong");
    try (Peer ping = HUB.connectAgent(owner.key(), "ping");
        Peer pong = HUB.connectAgent(owner.key(), "pong");
        Peer person = HUB.connect(owner.key())) {
      person.send("agent.call", call(owner, "ping"));
      JsonNode first = ping.delivery().path("params");
      ping.send("agent.call", call(owner, "pong").put("parent", first.path("id").asText()));
      JsonNode second = pong.delivery().path("params");
      assertEquals(1, second.path("hops").asInt());
      JsonNode back =
          pong.ask("agent.call", call(owner, "ping").put("parent", second.path("id").asText()));
      assertEquals("LOOP_DETECTED", back.at("/error/code").asText(), back.toString());

      Peer[] ring = {ping, pong};
      String[] names = {"ping", "pong"};
      int hops = 1;
      for (int turn = 1; ; turn = 1 - turn) {
        Peer by = ring[turn];
        String request = by.send("agent.call", call(owner, names[1 - turn]));
        if (hops == MAX_HOPS) {
          JsonNode stopped = by.answer(request);
          assertEquals("LOOP_DETECTED", stopped.at("/error/code").asText(), stopped.toString());
          return;
        }
        hops = ring[1 - turn].delivery().at("/params/hops").asInt();
      }
    }
  }

  private static ObjectNode call(Member owner, String to) {
    return Json.object().put("to", owner.agent(to)).put("payload", "x");
  }
}
