package dev.parley.hub.memory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.protocol.frame.Json;
import java.util.ArrayList;
import java.util.List;

/** Memory of a hub over REST, as its users have it. */
record MemoryFixture(HubExtension hub) {

  static ObjectNode params(String... pairs) {
    ObjectNode params = Json.object();
    for (int i = 0; i < pairs.length; i += 2) {
      params.put(pairs[i], pairs[i + 1]);
    }
    return params;
  }

  JsonNode put(String key, String... pairs) {
    return hub.succeed("POST", "/v1/memory", key, params(pairs));
  }

  JsonNode put(Member owner, String... pairs) {
    return put(owner.key(), pairs);
  }

  void file(Member owner, String agent, String name, String content) {
    hub.succeed(
        "PUT",
        "/v1/agents/" + agent + "/files/" + name.replace("/", "%2F"),
        owner.key(),
        params("content", content));
  }

  JsonNode search(String key, ObjectNode params) {
    return hub.succeed("POST", "/v1/memory/search", key, params);
  }

  /** The ids that a search finds, best first. */
  List<String> found(String key, String... pairs) {
    return ids(search(key, params(pairs)));
  }

  List<String> found(Member owner, String query) {
    return found(owner.key(), "query", query);
  }

  static List<String> ids(JsonNode found) {
    List<String> ids = new ArrayList<>();
    found.path("results").forEach(hit -> ids.add(hit.path("id").asText()));
    return ids;
  }

  void agent(Member owner, String name) {
    hub.succeed("POST", "/v1/agents", owner.key(), params("name", name));
  }
}
