package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A tenant that sends mail to its agents. */
abstract class MailFixture {
  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "mail-back-off-ms", "20", "mail-attempts", "3", "mail-ack-timeout-ms", "1500");

  final Member acme = HUB.unmetered(HUB.signUp());

  ObjectNode to(String agent) {
    return Json.object().put("to", acme.agent(agent)).put("payload", "x");
  }

  JsonNode send(String agent, String id, String conversation) {
    return succeed(to(agent).put("messageId", id).put("conversation", conversation));
  }

  JsonNode succeed(ObjectNode message) {
    return HUB.succeed("POST", "/v1/messages", acme.key(), message);
  }

  JsonNode get(String id) {
    return HUB.get("/v1/messages/" + id, acme.key()).body();
  }

  String status(String id) {
    return get(id).path("status").asText();
  }

  void awaitStatus(String id, String status) {
    await().until(() -> status(id), status::equals);
  }

  static long deliveries(Peer peer) {
    return peer.drain().stream()
        .filter(frame -> frame.path("method").asText().equals("agent.deliver"))
        .count();
  }

  static String ok(JsonNode delivery) {
    return "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":null}"
        .formatted(delivery.path("id").asText());
  }

  static String error(JsonNode delivery, String code) {
    return ("{\"type\":\"res\",\"id\":\"%s\",\"ok\":false,\"error\":{\"code\":\"%s\","
            + "\"message\":\"cannot\",\"retryable\":false}}")
        .formatted(delivery.path("id").asText(), code);
  }
}
