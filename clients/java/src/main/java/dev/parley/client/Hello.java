package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.Json;
import org.jspecify.annotations.Nullable;

/**
 * What the hub said when it let this connection in ({@code hello-ok}).
 *
 * @param connId id of the connection, for support and for resuming
 * @param tenant the tenant of the key; empty for a key of the platform
 * @param role {@code operator} or {@code agent}
 * @param agent the agent this connection is, or null
 * @param resumed whether the event sequence of the earlier connection goes on
 * @param json the whole object, for what is not named here
 */
public record Hello(
    String serverVersion,
    String connId,
    String tenant,
    String role,
    @Nullable String agent,
    Policy policy,
    boolean resumed,
    JsonNode json) {

  static Hello of(@Nullable RawJson payload) {
    JsonNode json = payload == null ? Json.object() : Json.parse("hello-ok", payload.text());
    JsonNode server = json.path("server");
    JsonNode auth = json.path("auth");
    return new Hello(
        server.path("version").asText(),
        server.path("connId").asText(),
        auth.path("tenant").asText(),
        auth.path("role").asText(),
        auth.path("agent").textValue(),
        Policy.of(json.path("policy")),
        json.path("resumed").asBoolean(),
        json);
  }

  /** The params of the {@code connect} request. */
  static RawJson request(ClientOptions options, EventPosition position) {
    ObjectNode params =
        Json.object().put("minProtocol", Frame.WIRE_VERSION).put("maxProtocol", Frame.WIRE_VERSION);
    params
        .putObject("client")
        .put("id", "gateway-client")
        .put("displayName", options.displayName())
        .put("version", options.version())
        .put(
            "platform", System.getProperty("os.name", "unknown").toLowerCase(java.util.Locale.ROOT))
        .put("mode", "backend");
    String agent = options.agent();
    params.put("role", agent == null ? "operator" : "agent");
    if (agent == null) {
      ArrayNode caps = params.putArray("caps");
      caps.add("tool-events");
    } else {
      params.put("agent", agent).put("window", options.window());
    }
    if (options.key() != null) {
      params.putObject("auth").put("token", options.key());
    }
    position.describe(params);
    return Json.raw(params);
  }
}
