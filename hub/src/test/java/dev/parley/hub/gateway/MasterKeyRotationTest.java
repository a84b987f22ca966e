package dev.parley.hub.gateway;

import static dev.parley.hub.model.ProviderServer.delta;
import static dev.parley.hub.model.ProviderServer.finish;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.model.ProviderServer;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * An operator changes the master key: a new one first, everything sealed anew, the old one gone.
 */
class MasterKeyRotationTest {
  private static final String PATH = "/v1/admin/rotate-master-key";

  @Test
  void theOldKeyCanGoWhenAllIsSealedWithTheNewOne() throws IOException {
    Vertx vertx = Vertx.vertx();
    HubExtension hub = HubExtension.with("private-providers", "true").start();
    try (ProviderServer provider = new ProviderServer(vertx)) {
      provider.thenEvents(delta("here"), finish("stop"), "[DONE]");
      List<Member> owners = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        owners.add(withKey(hub, provider.url()));
      }
      Path file = hub.data().resolve("master.key");
      String old = Files.readString(file);
      String next = Base64.getEncoder().encodeToString(new byte[32]) + "\n";

      restart(hub, file, next + old);
      JsonNode first = rotate(hub, Json.object().put("limit", 2));
      assertEquals(2, first.path("resealed").asInt());
      assertEquals(2, first.path("accepted").size());
      hub.stop();
      hub.start();
      JsonNode rest =
          rotate(hub, Json.object().put("limit", 2).put("after", first.path("next").asText()));
      assertEquals(1, rest.path("resealed").asInt());
      assertTrue(rest.path("next").isMissingNode(), rest.toString());
      assertEquals(0, rotate(hub, Json.object()).path("resealed").asInt());

      restart(hub, file, next);
      for (Member owner : owners) {
        assertEquals(200, ask(hub, owner).status(), "the key works without the old master key");
      }
      restart(hub, file, old);
      assertEquals(409, ask(hub, owners.get(0)).status());
      assertEquals(3, rotate(hub, Json.object()).path("unopened").asInt());
    } finally {
      hub.close();
      vertx.close();
    }
  }

  @Test
  void onlyAnAdminMay() {
    HubExtension hub = HubExtension.with().start();
    try {
      Member owner = hub.signUp();
      assertEquals(403, hub.rest("POST", PATH, owner.key(), Json.object()).status());
      assertEquals(401, hub.rest("POST", PATH, "", Json.object()).status());
      for (String role : List.of("billing", "auditor")) {
        String key =
            hub.succeed("POST", "/v1/keys", hub.adminKey(), Json.object().put("role", role))
                .path("secret")
                .asText();
        assertEquals(403, hub.rest("POST", PATH, key, Json.object()).status(), role);
      }
    } finally {
      hub.close();
    }
  }

  private static Member withKey(HubExtension hub, String url) {
    Member owner = hub.signUp();
    hub.succeed(
        "PUT",
        "/v1/providers/openai",
        owner.key(),
        Json.object().put("apiKey", "sk-0123456789").put("baseUrl", url));
    hub.succeed("PATCH", "/v1/agents/main", owner.key(), Json.object().put("model", "openai/any"));
    return owner;
  }

  private static void restart(HubExtension hub, Path file, String keys) throws IOException {
    hub.stop();
    Files.writeString(file, keys);
    hub.start();
  }

  private static JsonNode rotate(HubExtension hub, ObjectNode params) {
    return hub.succeed("POST", PATH, hub.adminKey(), params);
  }

  private static Answer ask(HubExtension hub, Member owner) {
    return hub.rest(
        "POST",
        "/v1/calls",
        owner.key(),
        Json.object().put("to", owner.agent("main")).put("payload", "hello"));
  }
}
