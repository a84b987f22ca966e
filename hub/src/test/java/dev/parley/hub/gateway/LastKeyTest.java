package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Answer;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The key without which a tenant, or the platform, could make no other. */
class LastKeyTest {
  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  private static JsonNode only(String key) {
    JsonNode keys = HUB.get("/v1/keys", key).body().path("keys");
    assertEquals(1, keys.size(), keys.toString());
    return keys.get(0);
  }

  private static Answer revoke(String by, String id) {
    return HUB.rest("DELETE", "/v1/keys/" + id, by, Json.object());
  }

  private static String id(JsonNode issued) {
    return issued.path("key").path("id").asText();
  }

  private static void refused(Answer answer, String role) {
    assertEquals(409, answer.status(), answer.text());
    JsonNode error = answer.body().path("error");
    assertEquals("conflict", error.path("code").asText());
    assertEquals("last-key", error.at("/details/reason").asText());
    String message = error.path("message").asText();
    assertTrue(message.contains("parley keys rotate"), message);
    assertTrue(message.contains("parley keys create --role " + role), message);
  }

  @Test
  void theLastOwnerKeyIsNotRevokedAndItsSocketsStay() {
    Member owner = HUB.signUp();
    HUB.newKey(owner, "viewer");
    HUB.newKey(owner, "member");
    String id = HUB.get("/v1/tenant", owner.key()).body().at("/principal/keyId").asText();
    try (Peer socket = HUB.connect(owner.key())) {
      refused(revoke(owner.key(), id), "owner");
      assertTrue(socket.alive());
    }
    assertEquals(200, HUB.get("/v1/usage", owner.key()).status());
  }

  @Test
  void itIsRevokedOnceThereIsAnother() {
    Member owner = HUB.signUp();
    JsonNode second = HUB.newKey(owner, Json.object().put("role", "owner"));
    String secret = second.path("secret").asText();
    String first = HUB.get("/v1/tenant", owner.key()).body().at("/principal/keyId").asText();
    assertEquals(200, revoke(secret, first).status());
    assertEquals(401, HUB.get("/v1/usage", owner.key()).status());
    refused(revoke(secret, id(second)), "owner");
  }

  @Test
  void itIsRotatedAlsoWithoutOverlap() {
    Member owner = HUB.signUp();
    Answer rotated =
        HUB.rest(
            "POST",
            "/v1/keys/" + only(owner.key()).path("id").asText() + "/rotate",
            owner.key(),
            Json.object().put("overlapS", 0));
    assertEquals(200, rotated.status(), rotated.text());
    assertEquals(401, HUB.get("/v1/usage", owner.key()).status());
    refused(revoke(rotated.body().path("secret").asText(), id(rotated.body())), "owner");
  }

  @Test
  void aKeyThatEndsByItselfIsNoSuccessorOfOneThatLasts() {
    Member owner = HUB.signUp();
    String lasting = only(owner.key()).path("id").asText();
    JsonNode hour = HUB.newKey(owner, Json.object().put("role", "owner").put("expiresInS", 3600));
    refused(revoke(owner.key(), lasting), "owner");
    assertEquals(200, revoke(owner.key(), id(hour)).status());
  }

  @Test
  void ofTwoThatAreRevokedAtOnceOneStays() {
    Member tenant = HUB.unmetered(HUB.signUp());
    String living = tenant.key();
    for (int round = 0; round < 20; round++) {
      Member owner = new Member(tenant.tenant(), living);
      JsonNode second = HUB.newKey(owner, Json.object().put("role", "owner"));
      String secret = second.path("secret").asText();
      String first = HUB.get("/v1/tenant", owner.key()).body().at("/principal/keyId").asText();
      List<Integer> statuses =
          IntStream.range(0, 2)
              .parallel()
              .mapToObj(i -> i == 0 ? revoke(owner.key(), first) : revoke(secret, id(second)))
              .map(Answer::status)
              .toList();
      int firstLives = HUB.get("/v1/usage", owner.key()).status();
      int secondLives = HUB.get("/v1/usage", secret).status();
      assertTrue(firstLives == 200 || secondLives == 200, "locked out: " + statuses);
      living = firstLives == 200 ? owner.key() : secret;
    }
  }

  @Test
  void thePlatformKeepsItsLastAdminKeyToo() {
    String admin = HUB.adminKey();
    String first = only(admin).path("id").asText();
    refused(revoke(admin, first), "admin");
  }
}
