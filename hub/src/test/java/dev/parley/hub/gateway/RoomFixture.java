package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Three tenants at a hub, and what they do in rooms. */
abstract class RoomFixture {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with("room-history-messages", "5", "room-max-rooms", "3");

  final Member acme = HUB.unmetered(HUB.signUp());
  final Member globex = HUB.unmetered(HUB.signUp());

  static ObjectNode params(String... pairs) {
    ObjectNode params = Json.object();
    for (int i = 0; i < pairs.length; i += 2) {
      params.put(pairs[i], pairs[i + 1]);
    }
    return params;
  }

  /** Makes a room of acme and answers its name. */
  String create(String name, ObjectNode more) {
    JsonNode room = HUB.succeed("POST", "/v1/rooms", acme.key(), more.put("name", name));
    return room.at("/room/room").asText();
  }

  String create(String name) {
    return create(name, Json.object());
  }

  static String path(String room, String rest) {
    return "/v1/rooms/" + room.replace("/", "%2F") + rest;
  }

  void join(String room, Member tenant) {
    HUB.succeed("POST", path(room, "/members"), acme.key(), params("party", tenant.tenant()));
    HUB.succeed("POST", path(room, "/accept"), tenant.key(), Json.object());
  }

  static ObjectNode saying(String text, String... mentions) {
    ObjectNode post = Json.object().put("payload", text);
    for (String mention : mentions) {
      post.withArray("mentions").add(mention);
    }
    return post;
  }

  static Answer tryPost(String room, String key, ObjectNode post) {
    return HUB.rest("POST", path(room, "/messages"), key, post);
  }

  static JsonNode post(String room, String key, ObjectNode post) {
    return HUB.succeed("POST", path(room, "/messages"), key, post);
  }

  static Answer history(String room, String key, String query) {
    return HUB.get(path(room, "/messages") + query, key);
  }

  static void listen(String room, String key, ObjectNode how) {
    HUB.succeed("PUT", path(room, "/listeners"), key, how);
  }

  static void assertCounts(int reached, int refused, JsonNode posted) {
    assertEquals(reached, posted.path("reached").asInt(), posted.toString());
    assertEquals(refused, posted.path("refused").asInt(), posted.toString());
  }
}
