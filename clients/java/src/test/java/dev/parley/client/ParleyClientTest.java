package dev.parley.client;

import static dev.parley.client.HubExtension.assertRefused;
import static dev.parley.client.HubExtension.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.client.HubExtension.Tenant;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.frame.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ParleyClientTest {
  @RegisterExtension static final HubExtension HUB = new HubExtension();

  @Test
  void aRequestIsAnswered() throws Exception {
    try (ParleyClient client = get(HUB.client(HUB.signUp()).connect())) {
      JsonNode agents = get(client.request("agents.list", Json.object()));
      assertEquals("main", agents.path("agents").path(0).path("id").asText());
    }
  }

  @Test
  void anOwnAgentIsCalledAndAStrangersIsNotFound() throws Exception {
    Tenant tenant = HUB.signUp();
    Tenant stranger = HUB.signUp();
    try (ParleyClient client = get(HUB.client(tenant).connect())) {
      CallResult result = get(client.call(tenant.main(), "repeat 2 hello"));
      assertTrue(result.text().contains("hello"), result.text());
      assertRefused(ErrorCode.NOT_FOUND, client.call(stranger.main(), "hello"));
      assertRefused(ErrorCode.NOT_FOUND, client.call("nobody-at-all/main", "hello"));
    }
  }

  @Test
  void whatIsPutIntoMemoryIsFoundReadAndDeleted() throws Exception {
    Tenant tenant = HUB.signUp();
    try (ParleyClient client = get(HUB.client(tenant).connect())) {
      String id = get(client.memory().put("tea", "Mia likes oolong.", List.of("people")));
      assertEquals("tea", id);
      Memory.Hit hit = get(client.memory("main").search("oolong", 3)).get(0);
      assertEquals("tea", hit.id());
      assertEquals("main", hit.agent());
      assertEquals("Mia likes oolong.", get(client.memory().get("tea")));
      assertTrue(get(client.memory().delete("tea")));
      assertRefused(ErrorCode.NOT_FOUND, client.memory().get("tea"));
      assertRefused(ErrorCode.NOT_FOUND, client.memory("nobody").put("x"));
    }
  }

  @Test
  void aWrongKeyIsRefusedAtOnce() throws Exception {
    Tenant tenant = HUB.signUp();
    assertRefused(ErrorCode.UNAUTHORIZED, HUB.client(tenant).key(tenant.key() + "x").connect());
  }
}
