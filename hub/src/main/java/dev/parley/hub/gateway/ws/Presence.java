package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.gateway.ws.WsSession.ClientIdentity;
import dev.parley.protocol.frame.Json;

/** A session as presence shows it to the rest of its tenant. */
final class Presence {
  private Presence() {}

  static ObjectNode entry(WsSession session) {
    ClientIdentity client = session.client();
    String name = client.displayName().isEmpty() ? client.id() : client.displayName();
    ObjectNode entry =
        Json.object()
            .put("host", name)
            .put("clientId", client.id())
            .put("mode", client.mode())
            .put("version", client.version())
            .put("platform", client.platform())
            .put("reason", "connect")
            .put("text", session.principal().party() + " · " + name)
            .put("ts", client.since())
            .put("onlineSince", client.since());
    if (!client.instanceId().isEmpty()) {
      entry.put("instanceId", client.instanceId());
    }
    entry.putObject("user").put("id", session.principal().keyId());
    ArrayNode roles = entry.putArray("roles");
    roles.add(session.link() == null ? "operator" : "agent");
    ArrayNode scopes = entry.putArray("scopes");
    session.principal().scopes().forEach(scope -> scopes.add(scope.wireName()));
    return entry;
  }
}
