package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A thousand calls of a tenant that has never called before, over sockets, all at once. */
class FirstCallsTest {
  private static final int CALLS = 1_000;
  private static final int SOCKETS = 20;
  private static final int AGENTS = 20;

  @RegisterExtension static final HubExtension HUB = HubExtension.with("max-output-tokens", "30");

  private final List<Peer> sockets = new ArrayList<>();

  @AfterEach
  void disconnect() {
    sockets.forEach(Peer::close);
  }

  private static Member tenant(ObjectNode limits) {
    Member owner = HUB.unmetered(HUB.signUp());
    HUB.succeed(
        "PATCH",
        "/v1/admin/tenants/" + owner.tenant(),
        HUB.adminKey(),
        Json.object().<ObjectNode>set("limits", limits));
    return owner;
  }

  /** Sends all calls before it reads an answer; how many ended in which way. */
  private Map<String, Integer> callAtOnce(Member owner, List<String> agents) {
    for (int i = 0; i < SOCKETS; i++) {
      sockets.add(HUB.connect(owner.key()));
    }
    for (int i = 0; i < CALLS; i++) {
      ObjectNode params =
          Json.object().put("to", agents.get(i % agents.size())).put("payload", "repeat 3 x");
      sockets.get(i % SOCKETS).rawLater(Peer.request("c" + i, "agent.call", params));
    }
    Map<String, Integer> ends = new TreeMap<>();
    for (Peer socket : sockets) {
      for (int i = 0; i < CALLS / SOCKETS; i++) {
        JsonNode answer = socket.answer();
        String end =
            answer.path("ok").asBoolean()
                ? "ok"
                : answer.at("/error/code").asText()
                    + " "
                    + answer.at("/error/details/limit").asText();
        ends.merge(end, 1, Integer::sum);
      }
    }
    return ends;
  }

  @Test
  void neverPassTheMessageRate() {
    int burst = 25;
    Member owner = tenant(Json.object().put("messagesPerSecond", 1).put("burst", burst));
    HUB.defineRemote(owner, "absent");
    long start = System.nanoTime();
    Map<String, Integer> ends = callAtOnce(owner, List.of(owner.agent("absent")));
    long seconds = (System.nanoTime() - start) / 1_000_000_000 + 1;

    int admitted = ends.getOrDefault("AGENT_OFFLINE ", 0);
    assertTrue(admitted >= burst, ends.toString());
    assertTrue(admitted <= burst + seconds, "in %d s: %s".formatted(seconds, ends));
    assertEquals(CALLS - admitted, ends.get("RATE_LIMITED messages_per_second"), ends.toString());
  }

  @Test
  void neverPassTheTokenBudget() {
    long budget = 20_000;
    Member owner = tenant(Json.object().put("tokensPerDay", budget).put("agents", AGENTS + 1));
    List<String> agents = new ArrayList<>();
    for (int i = 0; i < AGENTS; i++) {
      HUB.succeed("POST", "/v1/agents", owner.key(), Json.object().put("name", "a" + i));
      agents.add(owner.agent("a" + i));
    }
    Map<String, Integer> ends = callAtOnce(owner, agents);

    JsonNode report = HUB.get("/v1/usage", owner.key()).body();
    JsonNode total = report.at("/days/0/total");
    long used = total.path("inputTokens").asLong() + total.path("outputTokens").asLong();
    assertTrue(used <= budget, used + " of " + budget + ": " + ends);
    assertTrue(ends.getOrDefault("ok", 0) > 0, ends.toString());
    assertTrue(ends.getOrDefault("BUDGET_EXCEEDED tokens_per_day", 0) > 0, ends.toString());
    assertEquals(CALLS, ends.values().stream().mapToInt(Integer::intValue).sum());
    long answered = ends.get("ok");
    assertTrue(used >= answered * 3, "each answer has cost something: " + used);
  }
}
