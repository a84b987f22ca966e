package dev.parley.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Many hosted agents of many tenants. */
record Population(HubServer hub, List<Agent> agents) {
  private static final int AT_ONCE = 16;

  /** An agent with a key of its tenant. */
  record Agent(String address, String key) {}

  /** Defines agents; tenants are signed up as needed. */
  static Population define(HubServer hub, String prefix, int count, int perTenant)
      throws IOException, InterruptedException {
    List<Agent> agents = new ArrayList<>();
    for (int tenant = 0; agents.size() < count; tenant++) {
      String id = prefix + "-" + tenant;
      String key = hub.signUp(id);
      agents.add(new Agent(id + "/main", key));
      List<CompletableFuture<JsonNode>> made = new ArrayList<>();
      for (int i = 1; i < perTenant && agents.size() < count; i++) {
        made.add(hub.postAsync("/v1/agents", key, Json.object().put("name", "agent-" + i)));
        agents.add(new Agent(id + "/agent-" + i, key));
        if (made.size() == AT_ONCE) {
          made.forEach(CompletableFuture::join);
          made.clear();
        }
      }
      made.forEach(CompletableFuture::join);
    }
    return new Population(hub, agents);
  }

  /** Calls each agent once. */
  void activate() {
    for (int i = 0; i < agents.size(); i += AT_ONCE) {
      List<CompletableFuture<JsonNode>> calls = new ArrayList<>();
      for (Agent agent : agents.subList(i, Math.min(agents.size(), i + AT_ONCE))) {
        var body = Json.object().put("to", agent.address);
        body.putObject("payload").put("text", "hello");
        calls.add(hub.postAsync("/v1/calls", agent.key, body));
      }
      calls.forEach(CompletableFuture::join);
    }
  }

  int size() {
    return agents.size();
  }
}
