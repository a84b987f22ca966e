package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

/** Topics and broadcast, with agents that are there and agents of others. */
class TopicTest {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("max-topics", "2", "topic-max-subscribers", "3");

  private final Member acme = HUB.unmetered(HUB.signUp());
  private final Member globex = HUB.unmetered(HUB.signUp());

  private static ObjectNode params(String... pairs) {
    ObjectNode params = Json.object();
    for (int i = 0; i < pairs.length; i += 2) {
      params.put(pairs[i], pairs[i + 1]);
    }
    return params;
  }

  private Answer subscribe(String topic, String key, String agent) {
    return HUB.rest("POST", "/v1/topics/" + topic + "/subscribe", key, params("agent", agent));
  }

  private JsonNode publish(String topic, ObjectNode message) {
    return HUB.succeed("POST", "/v1/topics/" + topic + "/messages", acme.key(), message);
  }

  private static void assertCounts(int reached, int refused, JsonNode sent) {
    assertEquals(reached, sent.path("reached").asInt(), sent.toString());
    assertEquals(refused, sent.path("refused").asInt(), sent.toString());
  }

  @Test
  void whatIsPublishedReachesTheSubscribersOfTheOwnTenantAndNoOthers() {
    HUB.defineRemote(acme, "a");
    HUB.defineRemote(acme, "b");
    HUB.defineRemote(globex, "a");
    assertEquals(200, subscribe("news", acme.key(), "a").status());
    assertEquals(200, subscribe("news", globex.key(), "a").status());
    try (Peer a = HUB.connectAgent(acme.key(), "a");
        Peer b = HUB.connectAgent(acme.key(), "b");
        Peer foreign = HUB.connectAgent(globex.key(), "a")) {
      assertCounts(1, 0, publish("news", params("payload", "hello")));
      JsonNode delivery = a.delivery();
      assertEquals("hello", delivery.at("/params/payload/text").asText());
      assertEquals("news", delivery.at("/params/payload/topic").asText());
      for (Peer other : new Peer[] {b, foreign}) {
        assertTrue(other.alive());
        assertTrue(
            other.drain().stream()
                .noneMatch(frame -> frame.path("method").asText().equals("agent.deliver")));
      }
    }
    assertCounts(0, 0, publish("news", params("payload", "mine", "from", "a")));
    HUB.succeed("POST", "/v1/topics/news/unsubscribe", acme.key(), params("agent", "a"));
    assertCounts(0, 0, publish("news", params("payload", "nobody")));
    assertEquals(0, HUB.get("/v1/topics", acme.key()).body().path("topics").size());
  }

  @Test
  void anAgentOfAnotherTenantGetsItThroughAChannelAsLongAsThatLasts() {
    HUB.defineRemote(globex, "reader");
    String reader = globex.agent("reader");
    assertEquals(404, subscribe("prices", acme.key(), reader).status());
    String channel = HUB.openChannel(acme, globex, "reader", Json.object()).path("id").asText();
    assertEquals(200, subscribe("prices", acme.key(), reader).status());
    assertCounts(1, 0, publish("prices", params("payload", "12")));
    HUB.succeed("DELETE", "/v1/channels/" + channel, globex.key(), Json.object());
    assertCounts(0, 1, publish("prices", params("payload", "13")));
  }

  @Test
  void theSameMessageAgainIsDeliveredOnce() {
    HUB.defineRemote(acme, "once");
    subscribe("again", acme.key(), "once");
    try (Peer once = HUB.connectAgent(acme.key(), "once")) {
      ObjectNode message = params("payload", "x", "messageId", "m1");
      assertCounts(1, 0, publish("again", message));
      once.delivery();
      assertCounts(1, 0, publish("again", message));
      assertTrue(once.alive());
      assertTrue(
          once.drain().stream()
              .noneMatch(frame -> frame.path("method").asText().equals("agent.deliver")));
    }
  }

  @Test
  void anAgentSubscribesItselfAndNoOther() {
    HUB.defineRemote(acme, "a");
    String key = HUB.newKey(acme, params("role", "agent", "agent", "a")).path("secret").asText();
    assertEquals(200, subscribe("self", key, "a").status());
    assertEquals(403, subscribe("self", key, "main").status());
    assertEquals(403, subscribe("self", HUB.newKey(acme, "viewer"), "a").status());
    assertEquals(401, subscribe("self", "", "a").status());
    assertEquals(404, subscribe("self", acme.key(), "nobody").status());
    HUB.succeed("DELETE", "/v1/agents/a", acme.key(), Json.object());
    assertEquals(0, HUB.get("/v1/topics", acme.key()).body().path("topics").size());
  }

  @Test
  void topicsAndTheirSubscribersAreBounded() {
    for (String agent : new String[] {"a", "b", "c", "d"}) {
      HUB.defineRemote(acme, agent);
    }
    for (String agent : new String[] {"a", "b", "c"}) {
      assertEquals(200, subscribe("full", acme.key(), agent).status());
    }
    Answer fourth = subscribe("full", acme.key(), "d");
    assertEquals("limit_exceeded", fourth.errorCode());
    assertEquals(
        "topic_subscribers", fourth.body().at("/error/details/limit").asText(), fourth.text());
    assertEquals(200, subscribe("second", acme.key(), "d").status());
    assertEquals("limit_exceeded", subscribe("third", acme.key(), "d").errorCode());
    JsonNode list = HUB.get("/v1/topics?topic=full", acme.key()).body();
    assertEquals(3, list.at("/topics/0/subscribers").asInt());
    assertEquals(3, list.path("agents").size());
  }

  @Test
  void aBroadcastReachesEveryOwnAgentButTheSender() {
    HUB.defineRemote(acme, "a");
    HUB.defineRemote(acme, "b");
    HUB.defineRemote(globex, "a");
    try (Peer a = HUB.connectAgent(acme.key(), "a")) {
      JsonNode sent =
          HUB.succeed("POST", "/v1/broadcasts", acme.key(), params("payload", "all", "from", "b"));
      assertCounts(2, 0, sent);
      assertEquals("all", a.delivery().at("/params/payload/text").asText());
    }
    HUB.defineRemote(acme, "c");
    Answer over = HUB.rest("POST", "/v1/broadcasts", acme.key(), params("payload", "all"));
    assertEquals("limit_exceeded", over.errorCode(), over.text());
  }
}
